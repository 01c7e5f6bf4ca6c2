// SPDX-License-Identifier: Apache-2.0
// The command as a user meets it: results, and one clear line with exit code 2 for bad input.
#include <bit>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/formats/model_file.h"
#include "engine/formats/nir_writer.h"
#include "tests/engine/networks.h"
#include "tests/support/command.h"
#include "tests/support/data.h"

namespace axfire::test {

namespace {

using axfire::testing::CommandResult;
using axfire::testing::read_text;
using axfire::testing::TemporaryFolder;

CommandResult axfire(const std::string& arguments) {
    return axfire::testing::run_command(std::string("'" AXFIRE_BINARY "' ") + arguments);
}

/// One line on standard error that starts with the program's name and holds `part`; exit code 2; nothing on output.
void expect_refused(const std::string& arguments, const std::string& part) {
    const CommandResult r = axfire(arguments);
    EXPECT_EQ(r.code, 2) << arguments << "\n" << r.err;
    EXPECT_EQ(r.out, "") << arguments;
    EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << arguments << "\n" << r.err;
    EXPECT_EQ(r.err.find("axfire: "), 0u) << r.err;
    EXPECT_NE(r.err.find(part), std::string::npos) << arguments << "\n" << r.err;
}

/// A small spiking network and analog data for it in a folder.
struct Files {
    TemporaryFolder folder;
    std::string model = folder / "net.h5";
    std::string data = "hdf5:" + (folder / "data.h5");

    Files() {
        nodes::Linear fc{{{3, 4}, {.5f, 0, 0, 0, 0, .75f, 0, 0, 0, 0, .625f, 0}}, {}};
        Conventions how;
        how.reset = Reset::subtract;
        write_model(chain({4}, {{"fc", fc}, neuron("out", "if", 3, {{"v_threshold", {1}}})}, how), model);
        const CommandResult r = axfire::testing::run_command(
            "/usr/bin/python3 -c \"import h5py,numpy as np; f=h5py.File('" + (folder / "data.h5") +
            "','w'); f['input']=np.eye(4,dtype='f4')[[0,1,2,1]]; f['labels']=np.array([0,1,2,0])\"");
        made = r.code == 0;
    }
    bool made;
};

#define AXFIRE_REQUIRE_H5PY(files)                                                    \
    if (!(files).made) {                                                              \
        GTEST_SKIP() << "/usr/bin/python3 has no h5py, which makes this test's data"; \
    }

}  // namespace

TEST(Cli, RunPrintsTheSummaryAsJson) {
    const Files files;
    AXFIRE_REQUIRE_H5PY(files);
    const CommandResult r = axfire("run " + files.model + " --data " + files.data + " -T 10 --json --threads 1 --device cpu");
    ASSERT_EQ(r.code, 0) << r.err;
    const auto json = nlohmann::json::parse(r.out);
    EXPECT_EQ(json["samples"], 4);
    EXPECT_EQ(json["accuracy"], 0.75);
    EXPECT_EQ(json["predictions"], (std::vector<int>{0, 1, 2, 1}));
    EXPECT_EQ(json["labels"], (std::vector<int>{0, 1, 2, 0}));
    EXPECT_EQ(json["steps"], 10);
    EXPECT_EQ(json["dt_ms"], 1.0);
    EXPECT_EQ(json["device"], "cpu");
    EXPECT_EQ(json["threads"], 1);
    EXPECT_EQ(json["seed"], 0);
    EXPECT_EQ(json["arithmetic"]["synapse_add"], "exact@fp32");
    EXPECT_EQ(json["layers"][1]["name"], "out");
    EXPECT_EQ(json["layers"][1]["type"], "if");
    EXPECT_EQ(json["layers"][1]["neurons"], 3);
    // 10 steps of 0.5, 0.75 and 0.625 bring 5, 7.5 and 6.25; a spike takes 1 off and needs more than 1.
    EXPECT_EQ(json["layers"][1]["spikes"], 4 + 7 + 6 + 7);
    EXPECT_EQ(json["layers"][1]["neuron_updates"], 4 * 10 * 3);
    EXPECT_EQ(json["layers"][0]["synaptic_operations"], 4 * 10 * 12);
    EXPECT_EQ(json["schedule"]["order"], "time-major");  // one layer
    EXPECT_EQ(json["result_hash"].get<std::string>().size(), 16u);
    EXPECT_GT(json["seconds"], 0);
}

TEST(Cli, RecordsAndInspects) {
    const Files files;
    AXFIRE_REQUIRE_H5PY(files);
    const std::string out = files.folder / "run.h5";
    const CommandResult r =
        axfire("run " + files.model + " --data " + files.data + " -T 10 --record spikes,v:out -o " + out);
    ASSERT_EQ(r.code, 0) << r.err;
    EXPECT_NE(r.out.find("accuracy     75.00 % (3 of 4)"), std::string::npos) << r.out;
    const CommandResult inspected =
        axfire("inspect " + out + " --raster " + (files.folder / "r.svg") + " --membrane " + (files.folder / "m.svg"));
    ASSERT_EQ(inspected.code, 0) << inspected.err;
    EXPECT_NE(inspected.out.find("out"), std::string::npos);
    EXPECT_NE(read_text(files.folder / "r.svg").find("<svg"), std::string::npos);
    EXPECT_NE(read_text(files.folder / "m.svg").find("<svg"), std::string::npos);
    const auto json = nlohmann::json::parse(axfire("inspect " + out + " --json").out);
    EXPECT_TRUE(json.is_object());
}

TEST(Cli, AnExistingOutputIsKeptUnlessForced) {
    const Files files;
    AXFIRE_REQUIRE_H5PY(files);
    const std::string out = files.folder / "run.h5";
    std::ofstream(out) << "precious";
    const std::string run = "run " + files.model + " --data " + files.data + " -T 10 -q -o " + out;
    expect_refused(run, "--force");
    EXPECT_EQ(read_text(out), "precious");
    EXPECT_EQ(axfire(run + " --force").code, 0);
    EXPECT_NE(read_text(out), "precious");
}

TEST(Cli, BadArgumentsAreOneLine) {
    const Files files;
    AXFIRE_REQUIRE_H5PY(files);
    const std::string run = "run " + files.model + " --data " + files.data + " -T 10 ";
    expect_refused(run + "--add 'lao(k=3)@fp32'", "the adders are");
    expect_refused(run + "--add 'loa(k=27)@fp32'", "from 0 to 26");
    expect_refused(run + "--add 'loa@fp32'", "needs k");
    expect_refused(run + "--add 'loa(k=3)@fp31'", "choose one of fp32");
    expect_refused(run + "--mul 'drum(k=9)@bf16'", "from 1 to 8");
    expect_refused(run + "--mul loa", "@format");
    expect_refused(run + "--weights fp7", "fp32");
    expect_refused(run + "--reset never", "never");
    expect_refused(run + "--memory 10", "--memory");
    expect_refused(run + "--memory much", "--memory");
    expect_refused(run + "--dt -1", "--dt");
    expect_refused(run + "--record v:nowhere -o x.h5", "nowhere");
    expect_refused(run + "--record spikes", "-o");
    expect_refused(run + "--samples 5", "holds 4");
    expect_refused(run + "--device gpu", "choose auto, cpu, cuda or cuda:<number>");
    expect_refused(run + "-o " + (files.folder / "no/such/folder/run.h5"), "no/such/folder");
    expect_refused("run " + files.model + " --data " + files.data, "-T");
    expect_refused("run " + (files.folder / "missing.nir") + " --data " + files.data + " -T 2", "missing.nir");
    expect_refused("run " + files.model + " --data hdf5:" + (files.folder / "missing.h5") + " -T 2", "missing.h5");
    expect_refused("run " + files.model + " --data nonsense:x -T 2", "nmnist:DIR");
    expect_refused("run", "MODEL");
    expect_refused("dance", "axfire --help");
    expect_refused("inspect " + (files.folder / "missing.h5"), "missing.h5");
    expect_refused("inspect " + files.model, "net.h5");
    expect_refused("arith eval 'loa(k=3)@fp32' --op add 1 zwei", "zwei");
    expect_refused("arith describe nothing", "nothing");
    std::ofstream(files.folder / "text.nir") << "this is not HDF5";
    expect_refused("run " + (files.folder / "text.nir") + " --data " + files.data + " -T 2", "text.nir");
}

TEST(Cli, ADamagedRecordingIsNamed) {
    AXFIRE_REQUIRE_DATA(data);
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder / "n/3");
    std::ofstream(folder / "n/3/00001.bin") << "1234567";
    expect_refused("run " + data + "/nir/cnn_sinabs.nir --data nmnist:" + (folder / "n"), "00001.bin");
}

TEST(Cli, ArithEvaluates) {
    EXPECT_EQ(axfire("arith eval exact@fp32 --op add 1.5 0.25").out, "1.75 0x3fe00000\n");
    EXPECT_EQ(axfire("arith eval exact@fp32 --op add -- -1.5 0.25").out, "-1.25 0xbfa00000\n");
    EXPECT_EQ(axfire("arith eval mitchell@fp32 --op mul 1.5 1.5").out, "2 0x40000000\n");
    EXPECT_EQ(axfire("arith eval exact@fp8_e4m3 --op mul 448 2").out, "nan 0x7fc00000\n");
    EXPECT_EQ(axfire("arith eval exact@fp32 --op add bits:3f800000 inf").out, "inf 0x7f800000\n");
    const TemporaryFolder folder;
    const float pairs[] = {1.0f, 2.0f, 0.1f, 0.2f};
    std::ofstream(folder / "pairs", std::ios::binary).write(reinterpret_cast<const char*>(pairs), sizeof pairs);
    ASSERT_EQ(axfire("arith eval exact@fp32 --op add --pairs " + (folder / "pairs") + " -o " + (folder / "sums")).code,
              0);
    const std::string sums = read_text(folder / "sums");
    ASSERT_EQ(sums.size(), 8u);
    float got[2];
    std::memcpy(got, sums.data(), 8);
    EXPECT_EQ(got[0], 3.0f);
    EXPECT_EQ(got[1], 0.1f + 0.2f);
    expect_refused("arith eval exact@fp32 --op add --pairs " + (folder / "pairs") + " -o " + (folder / "sums"),
                   "--force");
    std::ofstream(folder / "odd") << "12345";
    expect_refused("arith eval exact@fp32 --op add --pairs " + (folder / "odd") + " -o " + (folder / "x"), "5 bytes");
}

TEST(Cli, ListsAndDescribes) {
    const std::string list = axfire("arith list").out;
    for (const char* unit : {"loa", "ama5", "eta1", "trunc0", "mitchell", "drum", "bam"}) {
        EXPECT_NE(list.find(unit), std::string::npos) << unit;
        EXPECT_NE(axfire(std::string("arith describe ") + unit).out.find("source"), std::string::npos) << unit;
    }
    EXPECT_NE(axfire("info").out.find("kernels"), std::string::npos);
    EXPECT_EQ(axfire("run --help").code, 0);
}

TEST(Cli, ExportsBothKindsOfFile) {
    const Files files;
    AXFIRE_REQUIRE_H5PY(files);
    ASSERT_EQ(axfire("export " + files.model + " -o " + (files.folder / "net.nir")).code, 0);
    const std::string options = " --data " + files.data + " -T 10 --reset subtract --json";
    const auto a = nlohmann::json::parse(axfire("run " + files.model + options).out);
    const auto b = nlohmann::json::parse(axfire("run " + (files.folder / "net.nir") + options).out);
    EXPECT_EQ(a["result_hash"], b["result_hash"]);
    expect_refused("export " + files.model + " -o " + (files.folder / "net.nir"), "--force");
    expect_refused("export " + files.model + " -o " + (files.folder / "net.onnx"), ".nir");
}

TEST(Cli, LifBenchmarkFiresInTheKnownSteps) {
    AXFIRE_REQUIRE_DATA(data);
    const TemporaryFolder folder;
    const std::string make = "/usr/bin/python3 -c \"import h5py,numpy as np; d=np.loadtxt('" + data +
                             "/nir/lif/lif_exact.csv',delimiter=','); h5py.File('" + (folder / "in.h5") +
                             "','w')['input']=d[:,0].astype('f4').reshape(1,-1,1)\"";
    if (axfire::testing::run_command(make).code != 0) {
        GTEST_SKIP() << "/usr/bin/python3 has no h5py or numpy, which make this test's data";
    }
    struct Case {
        const char* options;
        const char* steps;
    };
    // Known answers: the exact event-driven solution crosses in these steps of 0.1 ms; input gain dt/tau is earlier.
    const Case cases[] = {{"", "460 510 710 760"},
                          {"--reset subtract", "460 510 710 760"},
                          {"--integrate exponential", "460 510 710 760"},
                          {"--integrate exponential --decay-gain ratio", "450 500 710 760"}};
    for (const Case& c : cases) {
        const std::string out = folder / "run.h5";
        ASSERT_EQ(axfire("run " + data + "/nir/lif/lif_norse.nir --data hdf5:" + (folder / "in.h5") + " --dt 0.1 -q " +
                         c.options + " --force -o " + out)
                      .code,
                  0);
        const CommandResult steps =
            axfire::testing::run_command("/usr/bin/python3 -c \"import h5py; print(*[round(t*10) for t in h5py.File('" +
                                         out + "')['spikes/1/timestamps']])\"");
        EXPECT_EQ(steps.out, std::string(c.steps) + "\n") << c.options;
    }
}

}  // namespace axfire::test
