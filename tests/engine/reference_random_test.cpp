// SPDX-License-Identifier: Apache-2.0
// Random small networks against the plain simulator of tests/oracle/network, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
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

std::string carried(const oracle::Graph& graph, const oracle::Names& sources) {
    const auto events = [&](const std::string& name) { return graph.events.at(name); };
    const bool all = std::all_of(sources.begin(), sources.end(), events);
    return all ? "events" : std::any_of(sources.begin(), sources.end(), events) ? "both" : "values";
}

/// What a random network tries of the layers whose rules depend on what arrives.
std::vector<std::string> features(const oracle::Graph& graph) {
    std::vector<std::string> found;
    for (const auto& [name, node] : graph.node) {
        const oracle::Names& inputs = graph.inputs.at(name);
        const std::string type = type_name(*node);
        if (type == "input") {
            continue;
        }
        const std::string of = type + " of " + carried(graph, inputs);
        const auto* rearrange = std::get_if<nodes::Rearrange>(&node->kind);
        const auto* pool = std::get_if<nodes::Pool2d>(&node->kind);
        if (const auto* concat = std::get_if<nodes::Concat>(&node->kind)) {
            found.push_back(of);
            const oracle::Names distinct = graph.now.at(name);
            found.push_back("concat axis " + std::to_string(oracle::axis_of(concat->axis, graph.shape.at(name))));
            if (inputs.size() > distinct.size() + graph.before.at(name).size()) {
                found.push_back("concat of one source twice");
            }
        } else if (const auto* softmax = std::get_if<nodes::Softmax>(&node->kind)) {
            found.push_back("softmax axis " + std::to_string(oracle::axis_of(softmax->axis, graph.shape.at(name))));
        } else if (rearrange != nullptr) {
            const bool fills = std::count(rearrange->source.begin(), rearrange->source.end(), nodes::Rearrange::kFill);
            found.push_back(of + (!fills ? "" : rearrange->fill == 0 ? ", filled" : ", filled with others"));
        } else if (pool != nullptr) {
            found.push_back(of);
            if (pool->extra_end != std::array<std::size_t, 2>{0, 0}) {
                found.push_back(type + " past the padding");
            }
        } else if (type == "scale" || type == "bias" || type == "batchnorm" || type == "lrn") {
            found.push_back(of);
        } else if (type == "multiply") {
            found.push_back(graph.shape.at(inputs[0]) == graph.shape.at(inputs[1]) ? type : "multiply that repeats");
        } else if (graph.now.at(name).size() + graph.before.at(name).size() > 1) {
            found.push_back(oracle::stateless(*node) ? "a sum into a stateless neuron" : "a sum into a neuron");
        }
    }
    return found;
}

TEST(ReferenceRandom, NetworksEqualThePlainSimulatorBitForBit) {
    const std::size_t count = testing::samples(1000) < 200 ? 60 : 1000;
    Compared compared;
    std::set<std::string> types;
    std::map<std::string, std::size_t> tried;
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
        for (const std::string& feature : features(graph)) {
            ++tried[feature];
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
    if (failures > 0) {
        return;  // what follows is about all of them
    }
    std::size_t models = 0;
    while (all_models()[models] != nullptr) {
        ++models;
    }
    RecordProperty("spikes", std::to_string(compared.spikes));
    RecordProperty("membranes", std::to_string(compared.membranes));
    EXPECT_EQ(types.size(), 20U + models);  // every kind of node
    for (const char* feature : {"concat of events",
                                "concat of values",
                                "concat of both",
                                "concat axis 0",
                                "concat axis 1",
                                "concat axis 2",
                                "concat of one source twice",
                                "softmax axis 0",
                                "softmax axis 1",
                                "softmax axis 2",
                                "rearrange of events",
                                "rearrange of values",
                                "rearrange of events, filled",
                                "rearrange of events, filled with others",
                                "rearrange of values, filled",
                                "rearrange of values, filled with others",
                                "maxpool2d of events",
                                "maxpool2d of values",
                                "maxpool2d past the padding",
                                "avgpool2d past the padding",
                                "sumpool2d past the padding",
                                "scale of events",
                                "scale of values",
                                "bias of events",
                                "bias of values",
                                "batchnorm of events",
                                "batchnorm of values",
                                "lrn of events",
                                "lrn of values",
                                "multiply",
                                "multiply that repeats",
                                "a sum into a stateless neuron",
                                "a sum into a neuron"}) {
        EXPECT_GE(tried[feature], count / 100) << feature;
    }
    EXPECT_GT(compared.spikes, 50 * count);
    EXPECT_GT(compared.membranes, 200 * count);
    EXPECT_GT(compared.in_parts, count / 4);
    EXPECT_GT(recurrent, count / 2);
}

}  // namespace
}  // namespace axfire::test
