// SPDX-License-Identifier: Apache-2.0
// The trained N-MNIST network on real recordings: accuracy and spikes against an independent simulation, and the same
// result however the work is cut.
#include <gtest/gtest.h>

#include "arith/spec_text.h"
#include "engine/formats/load_network.h"
#include "engine/simulation/runner.h"
#include "tests/support/data.h"

namespace axfire::test {

namespace {

struct Run {
    std::string synapse_add = "exact@fp32";
    BinEvents bin = BinEvents::count;
    unsigned threads = 2;
    std::size_t batch = 32;
    std::size_t samples = 0;
};

RunTotals run_nmnist(const std::string& data, const std::string& part, const Run& run,
                     std::vector<double>* spikes = nullptr) {
    ConventionOverrides how;
    how.reset = Reset::subtract;
    const Network network = load_network(data + "/nir/cnn_sinabs.nir", how);
    const auto dataset = open_dataset("nmnist:" + data + "/nmnist/" + part, {2, 34, 34});
    SimulationOptions options;
    options.arithmetic.synapse_add = parse_adder(run.synapse_add);
    const Simulation simulation(network, options);
    RunOptions o;
    o.encoder = {Encoding::events, run.bin, 340, 1.0, 0, 1.0};
    o.samples = run.samples != 0 ? run.samples : dataset->size();
    o.threads = run.threads;
    o.batch = run.batch;
    const RunTotals totals = run_samples(simulation, *dataset, o, [](auto, const RunTotals&) {});
    for (std::size_t l = 0; spikes != nullptr && l < totals.counts.size(); ++l) {
        if (simulation.layers()[l].type == "if") {
            spikes->push_back(static_cast<double>(totals.counts[l].spikes) / static_cast<double>(o.samples));
        }
    }
    return totals;
}

}  // namespace

TEST(NmnistRun, ReachesTheAccuracyOfTheNetwork) {
    AXFIRE_REQUIRE_DATA(data);
    EXPECT_GE(run_nmnist(data, "Test", {}).accuracy(), 0.96);
#ifndef __SANITIZE_ADDRESS__
    EXPECT_GE(run_nmnist(data, "Train", {}).accuracy(), 0.97);
#endif
}

TEST(NmnistRun, SpikesAsAnIndependentSimulationCountsThem) {
    AXFIRE_REQUIRE_DATA(data);
    // Mean spikes of each layer over the 50 recordings, from a dense simulation in numpy.
    const double expected[] = {5178.3, 11410.7, 9041.7, 7398.5, 395.8};
    std::vector<double> spikes;
    run_nmnist(data, "Test", {.bin = BinEvents::binary}, &spikes);
    ASSERT_EQ(spikes.size(), std::size(expected));
    for (std::size_t l = 0; l < spikes.size(); ++l) {
        EXPECT_NEAR(spikes[l], expected[l], 0.001 * expected[l]) << "layer " << l;
    }
}

TEST(NmnistRun, ThreadsAndBatchChangeNothing) {
    AXFIRE_REQUIRE_DATA(data);
    const std::uint64_t hash = run_nmnist(data, "Test", {.threads = 1, .batch = 1}).result_hash;
    for (const std::size_t batch : {7u, 32u}) {
        for (const unsigned threads : {1u, 2u}) {
            EXPECT_EQ(run_nmnist(data, "Test", {.threads = threads, .batch = batch}).result_hash, hash);
        }
    }
    EXPECT_NE(run_nmnist(data, "Test", {.synapse_add = "loa(k=12)@fp32"}).result_hash, hash);
    EXPECT_NE(run_nmnist(data, "Test", {.samples = 49}).result_hash, hash);
}

TEST(NmnistRun, ApproximateAddersRun) {
    AXFIRE_REQUIRE_DATA(data);
    for (const char* add : {"loa(k=12)@fp32", "exact@bf16", "ama5(k=16)@fp32"}) {
        const RunTotals totals = run_nmnist(data, "Test", {.synapse_add = add, .samples = 20});
        EXPECT_GE(totals.accuracy(), 0.9) << add;
    }
}

}  // namespace axfire::test
