// SPDX-License-Identifier: Apache-2.0
// Trained conventional networks on real images: the logits and accuracies that their authors' framework gives.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <ostream>

#include "engine/formats/load_network.h"
#include "engine/simulation/runner.h"
#include "tests/support/data.h"

namespace axfire {
namespace {

/// Values of a .npy file of little-endian binary32; its header is not looked at but for its length.
std::vector<float> read_npy(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_GT(bytes.size(), 10u) << file;
    std::uint16_t header = 0;
    std::memcpy(&header, bytes.data() + 8, 2);
    std::vector<float> values((bytes.size() - 10 - header) / 4);
    std::memcpy(values.data(), bytes.data() + 10 + header, values.size() * 4);
    return values;
}

struct Trained {
    const char* name;
    const char* data;
    std::size_t samples;  ///< that the test runs, the first ones
    int correct;          ///< of all, by the data's description
    int tolerance;
    std::size_t all;
};

std::ostream& operator<<(std::ostream& out, const Trained& t) {
    return out << t.name;
}

// The accuracies over all samples take a minute and are on a page of docs/results; here the first ones will do.
constexpr Trained kTrained[] = {
    {"mnist_mlp_98p15", "mnist:mnist", 10000, 9815, 2, 10000},
    {"mnist_cnn_99p16_max", "mnist:mnist", 300, 0, 0, 10000},
    {"mnist_lenet5_98p96", "mnist:mnist", 2000, 0, 0, 10000},
    {"mnist_lenet_avgpool_99", "mnist:mnist", 2000, 0, 0, 10000},
    {"cifar10_83p62", "cifar10:cifar10", 1000, 850, 2, 1000},
    {"cifar10_81p45_bnfold", "cifar10:cifar10", 300, 0, 0, 1000},
    {"cifar10_resnet20", "cifar10:cifar10", 200, 0, 0, 1000},
};

class TrainedAnn : public ::testing::TestWithParam<Trained> {};

TEST_P(TrainedAnn, HasTheLogitsOfItsFramework) {
    AXFIRE_REQUIRE_DATA(data);
    const Trained& t = GetParam();
    const Network network = load_network(data + "/models/" + t.name + ".onnx");
    SimulationOptions options;
    options.input_events = false;
    const Simulation simulation(network, options);
    std::string spec = t.data;
    spec.insert(spec.find(':') + 1, data + "/");
    const auto set = open_dataset(spec, simulation.shape(0));
    ASSERT_EQ(set->size(), t.all);
    const std::vector<float> expected = read_npy(data + "/models/" + t.name + "_logits100.npy");
    RunOptions run;
#if defined(__SANITIZE_ADDRESS__)
    run.samples = 20;
#else
    run.samples = t.samples;
#endif
    run.threads = 2;
    double worst = 0;
    std::size_t sample = 0;
    const RunTotals totals = run_samples(simulation, *set, run, [&](std::span<FinishedSample> batch, const RunTotals&) {
        for (const FinishedSample& s : batch) {
            for (std::size_t i = 0; i < 10 && sample < 100; ++i) {
                worst = std::max(worst, std::abs(static_cast<double>(s.result.readout[i]) - expected[sample * 10 + i]));
            }
            ++sample;
        }
    });
    std::printf("[  logits  ] %.2g from the framework's, %llu of %zu right\n", worst,
                static_cast<unsigned long long>(totals.correct), run.samples);
    EXPECT_LT(worst, 1e-3);
    EXPECT_GT(totals.accuracy(), 0.75);
    if (t.correct != 0 && run.samples == t.all) {
        EXPECT_NEAR(static_cast<double>(totals.correct), t.correct, t.tolerance);
    }
}

INSTANTIATE_TEST_SUITE_P(All, TrainedAnn, ::testing::ValuesIn(kTrained), [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace axfire
