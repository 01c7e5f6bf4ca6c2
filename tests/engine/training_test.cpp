// SPDX-License-Identifier: Apache-2.0
// Training as a user meets it: what is learnt, interrupted trainings, threads, bad input.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "arith/error.h"
#include "datasets/sample.h"
#include "engine/formats/model_file.h"
#include "engine/train/trainer.h"
#include "tests/datasets/idx_files.h"
#include "tests/engine/networks.h"
#include "tests/support/command.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

using axfire::testing::Bytes;
using axfire::testing::CommandResult;
using axfire::testing::idx;
using axfire::testing::TemporaryFolder;

CommandResult axfire(const std::string& arguments) {
    return axfire::testing::run_command(std::string("'" AXFIRE_BINARY "' ") + arguments);
}

/// Images of 8 x 8 in ten classes: a bright bar whose row and direction tell the class, in noise.
void write_bars(const TemporaryFolder& folder, const std::string& stem, std::uint32_t count) {
    auto random = axfire::testing::test_random(count);
    Bytes pixels;
    Bytes labels;
    for (std::uint32_t n = 0; n < count; ++n) {
        const auto label = static_cast<std::uint8_t>(random() % 10);
        labels.push_back(label);
        for (std::uint32_t i = 0; i < 64; ++i) {
            const std::uint32_t line = label < 5 ? i / 8 : i % 8;
            const bool bright = line == label % 5u + 1;
            pixels.push_back(static_cast<std::uint8_t>((bright ? 150 : 0) + random() % 100));
        }
    }
    folder.write(stem + "-images-idx3-ubyte", idx({count, 8, 8}, pixels));
    folder.write(stem + "-labels-idx1-ubyte", idx({count}, labels));
}

constexpr const char* kSmall = R"(
[[layer]]
type = "conv2d"
out = 4
kernel = 3
pad = "same"
[[layer]]
type = "batchnorm"
[[layer]]
type = "relu"
[[layer]]
type = "maxpool2d"
[[layer]]
type = "flatten"
[[layer]]
type = "dropout"
p = 0.1
[[layer]]
type = "linear"
out = 10
)";

constexpr const char* kSpiking = R"(
[conventions]
integrate = "exponential"
reset = "subtract"
[[layer]]
type = "conv2d"
out = 6
kernel = 3
stride = 2
pad = 1
[[layer]]
type = "lif"
tau_mem = 4e-3
r = 4
v_threshold = 1
[[layer]]
type = "flatten"
[[layer]]
type = "linear"
out = 10
[[layer]]
type = "li"
tau_mem = 8e-3
)";

/// A folder with data and descriptions.
struct Bench {
    TemporaryFolder folder;
    std::string data;

    explicit Bench(std::uint32_t train = 400, std::uint32_t test = 100) {
        write_bars(folder, "train", train);
        write_bars(folder, "t10k", test);
        data = " --data mnist:" + folder.path().string() + " ";
        text("small.toml", kSmall);
        text("spiking.toml", kSpiking);
    }
    std::string text(const std::string& name, const std::string& content) const {
        return folder.write(name, Bytes(content.begin(), content.end())).string();
    }
    std::string operator/(const std::string& name) const { return folder / name; }
    std::string model(const std::string& name) const { return " --model " + (folder / name) + " "; }
};

void expect_refused(const std::string& arguments, const std::string& part) {
    const CommandResult r = axfire(arguments);
    EXPECT_EQ(r.code, 2) << arguments << "\n" << r.err;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << arguments << "\n" << r.err;
}

TEST(Training, LearnsAndTheModelRunsAsItWasTested) {
    const Bench bench;
    const std::string out = bench / "small.h5";
    const CommandResult r =
        axfire("train" + bench.model("small.toml") + bench.data + "--epochs 6 --batch 16 --lr 0.01 --json -q -o " +
               out + " --curves " + (bench / "curves.svg"));
    ASSERT_EQ(r.code, 0) << r.err;
    EXPECT_EQ(r.err, "");
    const auto json = nlohmann::json::parse(r.out);
    EXPECT_EQ(json["log"].size(), 6u);
    EXPECT_GT(json["test_accuracy"], 0.95) << r.out;
    EXPECT_LT(json["log"][5]["loss"], json["log"][0]["loss"]);
    const CommandResult run = axfire("run " + out + bench.data + "--json");
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(nlohmann::json::parse(run.out)["accuracy"], json["test_accuracy"]);
    EXPECT_NE(axfire::testing::read_text(bench / "curves.svg").find("<polyline"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(bench / "small.checkpoint.h5"));
    const Network trained = read_model(out);
    for (const Node& node : trained.nodes) {
        EXPECT_EQ(node.name.find("dropout"), std::string::npos);
    }
}

TEST(Training, SpikingNetworkLearnsInAnApproximateArithmetic) {
    const Bench bench;
    const std::string out = bench / "snn.h5";
    const std::string units = "--add 'loa(k=8)@fp32' --jit off -T 5 ";
    const CommandResult r = axfire("train" + bench.model("spiking.toml") + bench.data + units +
                                   "--epochs 5 --batch 16 --lr 0.02 --json -q -o " + out);
    ASSERT_EQ(r.code, 0) << r.err;
    const auto json = nlohmann::json::parse(r.out);
    EXPECT_GT(json["test_accuracy"], 0.9) << r.out;
    const CommandResult run = axfire("run " + out + bench.data + units + "--json");
    EXPECT_EQ(nlohmann::json::parse(run.out)["accuracy"], json["test_accuracy"]);
}

TEST(Training, RetrainingWinsBackWhatAnArithmeticCosts) {
    const Bench bench;
    const std::string exact = bench / "exact.h5";
    ASSERT_EQ(
        axfire("train" + bench.model("small.toml") + bench.data + "--epochs 4 --batch 16 --lr 0.01 -q -o " + exact)
            .code,
        0);
    const std::string units = "--add 'trunc0(k=22)@fp32' --jit off ";
    const auto before = nlohmann::json::parse(axfire("run " + exact + bench.data + units + "--json").out);
    const CommandResult r = axfire("retrain " + exact + bench.data + units +
                                   "--epochs 3 --batch 16 --lr 0.003 --json -q -o " + (bench / "again.h5"));
    ASSERT_EQ(r.code, 0) << r.err;
    const auto after = nlohmann::json::parse(r.out);
    EXPECT_LT(before["accuracy"], 0.9);
    EXPECT_GT(after["test_accuracy"], before["accuracy"]);
}

TEST(Training, SameFileForAnyNumberOfThreads) {
    const Bench bench(150, 20);
    for (const char* model : {"small.toml", "spiking.toml"}) {
        std::string files[2];
        for (const int threads : {1, 3}) {
            const std::string out = bench / ("t" + std::to_string(threads) + ".h5");
            const CommandResult r =
                axfire("train" + bench.model(model) + bench.data + "-T 3 --epochs 2 --batch 20 -q " +
                       "--shift 1 --force --jit off -o " + out + " --threads " + std::to_string(threads));
            ASSERT_EQ(r.code, 0) << r.err;
            files[threads / 2] = axfire::testing::read_text(out);
        }
        EXPECT_EQ(files[0], files[1]) << model;
    }
}

/// A training that is interrupted after so many updates, and gone on with from its last checkpoint.
TEST(Training, InterruptedTrainingEndsWithTheSameBits) {
    const Bench bench(100, 20);
    const auto train_data = open_dataset("mnist:" + bench.folder.path().string() + ":train", {});
    const auto test_data = open_dataset("mnist:" + bench.folder.path().string(), {});
    train::TrainOptions o;
    o.program.jit = Jit::off;
    o.program.batch = 16;
    o.epochs = 3;
    o.checkpoint = bench / "c.h5";
    o.checkpoint_steps = 3;
    o.schedule.kind = train::ScheduleKind::plateau;
    o.augment.shift = 1;
    o.configuration = "a";
    const auto start = [&] {
        train::DescribedNetwork network = train::parse_network(kSmall, "small", {1, 8, 8});
        train::draw_weights(network.network, 3);
        return train::Trainer(std::move(network), *train_data, test_data.get(), o);
    };
    train::Trainer whole = start();
    whole.run([](const train::Report&) {});
    for (const int last : {1, 5, 8, 13, 20}) {
        std::filesystem::remove(o.checkpoint);
        try {
            int updates = 0;
            train::Trainer part = start();
            part.run([&](const train::Report& r) {
                if (!r.epoch_done && ++updates == last) {
                    throw std::runtime_error("killed");
                }
            });
            FAIL();
        } catch (const std::runtime_error&) {
        }
        train::Trainer rest = start();
        if (std::filesystem::exists(o.checkpoint)) {
            rest.resume();
        }
        rest.run([](const train::Report&) {});
        EXPECT_EQ(train::values(rest.network()), train::values(whole.network())) << last;
        ASSERT_EQ(rest.log().size(), whole.log().size());
        for (std::size_t e = 0; e < whole.log().size(); ++e) {
            EXPECT_EQ(rest.log()[e].loss, whole.log()[e].loss);
            EXPECT_EQ(rest.log()[e].accuracy, whole.log()[e].accuracy);
            EXPECT_EQ(rest.log()[e].gradient_norm, whole.log()[e].gradient_norm);
        }
    }
    o.configuration = "b";
    train::Trainer other = start();
    EXPECT_THROW(other.resume(), InputError);
}

TEST(Training, KilledProcessResumes) {
    const Bench bench(1600, 20);
    const std::string options = bench.model("small.toml") + bench.data + "--epochs 4 --batch 16 --jit off -q ";
    const std::string whole = bench / "whole.h5";
    ASSERT_EQ(axfire("train" + options + "-o " + whole).code, 0);
    const std::string part = bench / "part.h5";
    const std::string line = "exec '" AXFIRE_BINARY "' train" + options + "--checkpoint-every 5 -o " + part;
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
        _exit(127);
    }
    const std::string checkpoint = bench / "part.checkpoint.h5";
    for (int i = 0; i < 6000 && !std::filesystem::exists(checkpoint); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the training ended before it could be killed";
    EXPECT_FALSE(std::filesystem::exists(part));
    expect_refused("train" + options + "-o " + part, "--resume");
    const CommandResult r = axfire("train" + options + "--resume -o " + part);
    ASSERT_EQ(r.code, 0) << r.err;
    EXPECT_EQ(axfire::testing::read_text(part), axfire::testing::read_text(whole));
    EXPECT_FALSE(std::filesystem::exists(checkpoint));
}

TEST(Training, StopsEarlyWithTheBestEpoch) {
    const Bench bench(60, 60);
    const CommandResult r = axfire("train" + bench.model("small.toml") + bench.data +
                                   "--epochs 40 --batch 16 --lr 0.02 --patience 2 --json -q -o " + (bench / "e.h5"));
    ASSERT_EQ(r.code, 0) << r.err;
    const auto json = nlohmann::json::parse(r.out);
    double best = 0;
    for (const auto& epoch : json["log"]) {
        best = std::max(best, epoch["test_accuracy"].get<double>());
    }
    EXPECT_LT(json["log"].size(), 40u);
    EXPECT_EQ(json["test_accuracy"], best);
    const auto run = nlohmann::json::parse(axfire("run " + (bench / "e.h5") + bench.data + "--json").out);
    EXPECT_EQ(run["accuracy"], best);
}

TEST(Training, DivergenceNamesTheNodeAndTheStep) {
    const Bench bench(60, 10);
    const CommandResult r = axfire("train" + bench.model("small.toml") + bench.data +
                                   "--epochs 9 --batch 20 --optimizer sgd --lr 1e30 -q -o " + (bench / "x.h5"));
    EXPECT_EQ(r.code, 1);
    EXPECT_NE(r.err.find("diverged in epoch 1, step "), std::string::npos) << r.err;
    EXPECT_NE(r.err.find("the node '"), std::string::npos) << r.err;
    EXPECT_FALSE(std::filesystem::exists(bench / "x.h5"));
}

TEST(Training, RefusesBadInput) {
    const Bench bench(20, 10);
    const std::string out = "-o " + (bench / "x.h5") + " ";
    expect_refused("train --model lenet7" + bench.data + out, "lenet5, mlp:784-128-10, vgg9, resnet20, snn-conv");
    expect_refused("train --model mlp:64-x-10" + bench.data + out, "sizes of the layers");
    expect_refused("train --model mlp:64-5-11" + bench.data + out, "10 outputs");
    expect_refused("train" + bench.model("spiking.toml") + bench.data + out, "-T");
    expect_refused("train" + bench.model("small.toml") + "--data mnist:/nowhere " + out, "/nowhere");
    expect_refused("train" + bench.model("small.toml") + bench.data + "-o x.nir", ".h5");
    expect_refused("train" + bench.model("small.toml") + bench.data + "--add nonsense@fp32 " + out, "nonsense");
    expect_refused("train" + bench.model("small.toml") + bench.data + "--loss spike-count " + out, "does not spike");
    expect_refused("train" + bench.model("small.toml") + bench.data + "--loss membrane " + out, "no membrane");
    expect_refused("train" + bench.model("small.toml") + "--data mnist:" + bench.folder.path().string() +
                       ":train --patience 2 " + out,
                   "--test-data");
    bench.text("line.toml", "\n[[layer]]\ntype = \"linear\"\nout = \"x\"\n");
    expect_refused("train" + bench.model("line.toml") + bench.data + out, "line.toml:4: a whole number");
    bench.text("key.toml", "[[layer]]\ntype = \"linear\"\nout = 3\nkernel = 2\n");
    expect_refused("train" + bench.model("key.toml") + bench.data + out, "key.toml:4: a layer of type linear has no");
    bench.text("type.toml", "[[layer]]\ntype = \"lstm\"\n");
    expect_refused("train" + bench.model("type.toml") + bench.data + out, "'lstm' is unknown");
    bench.text("from.toml", "[[layer]]\ntype = \"relu\"\nfrom = [\"input\", \"nothing\"]\n");
    expect_refused("train" + bench.model("from.toml") + bench.data + out, "there is no layer 'nothing'");
    bench.text("syntax.toml", "[[layer\n");
    expect_refused("train" + bench.model("syntax.toml") + bench.data + out, "syntax.toml:1:");
    bench.text("fit.toml", "[[layer]]\ntype = \"linear\"\nout = 10\n");
    expect_refused("train" + bench.model("fit.toml") + bench.data + out, "flatten");
    bench.text("lrn.toml", "[[layer]]\ntype = \"flatten\"\n");
    expect_refused("train" + bench.model("lrn.toml") + bench.data + out, "no weights to train");
}

}  // namespace
}  // namespace axfire::test
