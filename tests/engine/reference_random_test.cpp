// SPDX-License-Identifier: Apache-2.0
// Random small networks against the plain simulator of tests/oracle/network, bit for bit.
#include <gtest/gtest.h>

#include <set>

#include "arith/spec_text.h"
#include "tests/engine/reference_networks.h"
#include "tests/engine/reference_run.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

std::string describe(const Network& network, const SimulationOptions& options) {
    std::string text = "add " + to_string(options.arithmetic.synapse_add) + " mul " +
                       to_string(options.arithmetic.synapse_mul) + " neuron add " +
                       to_string(options.arithmetic.neuron_add) + " neuron mul " +
                       to_string(options.arithmetic.neuron_mul) + (options.multiply_spikes ? " multiply spikes" : "") +
                       (options.weight_format ? " weights " + to_string(*options.weight_format) : "") +
                       (options.input_events ? " events" : " analog") + "\n";
    for (const Edge& edge : network.edges) {
        const Node& from = network.nodes[edge.from];
        const Node& to = network.nodes[edge.to];
        text += "  " + from.name + " (" + type_name(from) + ") -> " + to.name + " (" + type_name(to) + ")\n";
    }
    return text;
}

TEST(ReferenceRandom, NetworksEqualThePlainSimulatorBitForBit) {
    const std::size_t count = testing::samples(1000) < 200 ? 60 : 1000;
    Compared compared;
    std::set<std::string> types;
    std::size_t failures = 0;
    std::size_t recurrent = 0;
    for (std::size_t n = 0; n < count && failures < 5; ++n) {
        RandomNetwork random(testing::test_random(n));
        random.build();
        const EncodedSample sample = random.sample();
        SimulationOptions options = random.options();
        if (n % (count / 10) == 0) {
            options.jit = Jit::required;
        }
        for (const Node& node : random.network.nodes) {
            types.insert(type_name(node));
        }
        const oracle::Graph graph = oracle::graph_of(random.network, random.input_events);
        for (const auto& [name, sources] : graph.before) {
            recurrent += sources.size();
        }
        std::string difference;
        try {
            difference = compare_with_reference(random.network, options, sample, compared);
        } catch (const std::exception& error) {
            difference = error.what();
        }
        if (!difference.empty()) {
            ++failures;
            ADD_FAILURE() << "network " << n << ": " << difference << "\n" << describe(random.network, options);
        }
    }
    RecordProperty("spikes", std::to_string(compared.spikes));
    RecordProperty("membranes", std::to_string(compared.membranes));
    EXPECT_EQ(types.size(), 17U);  // every kind of node
    EXPECT_GT(compared.spikes, 50 * count);
    EXPECT_GT(compared.membranes, 200 * count);
    EXPECT_GT(recurrent, count / 2);
}

}  // namespace
}  // namespace axfire::test
