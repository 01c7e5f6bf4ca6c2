// SPDX-License-Identifier: Apache-2.0
// Networks that others trained, against the plain simulator of tests/oracle/network, bit for bit.
#include <gtest/gtest.h>

#include "arith/spec_text.h"
#include "engine/formats/load_network.h"
#include "tests/engine/reference_run.h"
#include "tests/support/data.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

SimulationOptions with_units(const std::string& synapse_add, const std::string& neuron_add) {
    SimulationOptions options;
    options.arithmetic.synapse_add = parse_adder(synapse_add);
    options.arithmetic.neuron_add = parse_adder(neuron_add);
    return options;
}

/// Spikes of amplitude 1, each with probability 1 in `one_in`.
EncodedSample random_spikes(std::size_t size, std::uint32_t steps, unsigned one_in) {
    std::mt19937_64 random = testing::test_random();
    EncodedSample sample;
    sample.steps = steps;
    sample.step_begin.push_back(0);
    for (std::uint32_t t = 0; t < steps; ++t) {
        for (std::uint32_t i = 0; i < size; ++i) {
            if (random() % one_in == 0) {
                sample.index.push_back(i);
                sample.amplitude.push_back(1.0f);
            }
        }
        sample.step_begin.push_back(static_cast<std::uint32_t>(sample.index.size()));
    }
    return sample;
}

}  // namespace

TEST(ReferenceFiles, RecurrentNetworkOfCurrentBasedNeurons) {
    AXFIRE_REQUIRE_DATA(data);
    const std::uint32_t steps = testing::samples(256) < 256 ? 100 : 256;
    const std::pair<const char*, const char*> units[] = {{"exact@fp32", "exact@fp32"},
                                                         {"loa(k=12)@fp32", "exact@fp32"},
                                                         {"loa(k=12)@fp32", "loa(k=12)@fp32"},
                                                         {"exact@bf16", "exact@bf16"},
                                                         {"ama5(k=16)@fp32", "loa(k=8)@fp16"}};
    for (const auto& [synapse_add, neuron_add] : units) {
        Compared compared;
        for (const int choice : {0, 1, 2, 3, 4, 5, 6, 7, 8}) {
            ConventionOverrides how;
            how.dt_ms = choice == 8 ? 1.0 : 0.1;
            how.reset = choice & 1 ? Reset::subtract : Reset::zero;
            how.cuba_order = choice & 2 ? CubaOrder::new_current : CubaOrder::old_current;
            how.integrate = choice & 4 ? Integrate::exponential : Integrate::euler;
            const Network network = load_network(data + "/nir/braille_noDelay_bias_zero.nir", how);
            EXPECT_EQ(compare_with_reference(network, with_units(synapse_add, neuron_add), random_spikes(12, steps, 8),
                                             compared),
                      "")
                << synapse_add << " " << neuron_add << " choice " << choice;
        }
        EXPECT_GT(compared.spikes, 1000u) << synapse_add;
        EXPECT_EQ(compared.fired.size(), 2u) << synapse_add << ": a layer is silent";
    }
}

TEST(ReferenceFiles, ConvolutionalNetworkOnRecordings) {
    AXFIRE_REQUIRE_DATA(data);
    ConventionOverrides how;
    how.reset = Reset::subtract;
    const Network network = load_network(data + "/nir/cnn_sinabs.nir", how);
    const auto recordings = open_dataset("nmnist:" + data + "/nmnist/Test", {2, 34, 34});
    const std::uint32_t steps = testing::samples(60) < 60 ? 30 : 60;
    for (const auto& [synapse_add, neuron_add] : {std::pair{"exact@fp32", "exact@fp32"},
                                                  {"ama5(k=16)@fp32", "exact@fp32"},
                                                  {"ama5(k=16)@fp32", "ama5(k=16)@fp32"}}) {
        Compared compared;
        for (const std::size_t sample : {0u, 31u}) {
            const EncodedSample encoded = encode(recordings->load(sample), 2 * 34 * 34, sample,
                                                 {Encoding::events, BinEvents::count, steps, 1.0, 0, 1.0});
            EXPECT_EQ(compare_with_reference(network, with_units(synapse_add, neuron_add), encoded, compared), "")
                << synapse_add << " sample " << sample;
        }
        EXPECT_GT(compared.spikes, 1000u) << synapse_add;
        EXPECT_EQ(compared.fired.size(), 5u) << synapse_add << ": a layer is silent";
    }
}

TEST(ReferenceFiles, LifNetwork) {
    AXFIRE_REQUIRE_DATA(data);
    Compared compared;
    for (const Integrate integrate : {Integrate::euler, Integrate::exponential}) {
        ConventionOverrides how;
        how.dt_ms = 0.1;
        how.integrate = integrate;
        const Network network = load_network(data + "/nir/lif/lif_norse.nir", how);
        EXPECT_EQ(compare_with_reference(network, with_units("exact@fp32", "exact@fp32"), random_spikes(1, 1000, 4),
                                         compared),
                  "");
    }
    EXPECT_GT(compared.spikes, 10u);
}

}  // namespace axfire::test
