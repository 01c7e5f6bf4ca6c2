// SPDX-License-Identifier: Apache-2.0
// Small networks and inputs for the tests of the simulation.
#pragma once

#include <string>
#include <vector>

#include "arith/spec_text.h"
#include "engine/simulation/simulation.h"

namespace axfire::test {

/// A chain input -> nodes... -> output.
inline Network chain(Shape input, std::vector<Node> nodes, Conventions how = {}) {
    Network network;
    network.conventions = how;
    network.nodes.push_back({"input", nodes::Input{std::move(input)}});
    for (Node& node : nodes) {
        network.nodes.push_back(std::move(node));
    }
    network.nodes.push_back({"output", nodes::Output{}});
    for (std::size_t i = 0; i + 1 < network.nodes.size(); ++i) {
        network.edges.push_back({i, i + 1});
    }
    return network;
}

/// `neurons` neurons of a model, all with the same parameters.
inline Node neuron(std::string name, std::string model, std::size_t neurons,
                   std::map<std::string, std::vector<double>> parameters) {
    return {std::move(name), nodes::Neuron{std::move(model), {neurons}, std::move(parameters)}};
}

/// The same analog values in every step.
inline EncodedSample constant_input(std::vector<float> values, std::uint32_t steps) {
    EncodedSample sample;
    sample.steps = steps;
    sample.values = std::move(values);
    sample.constant = true;
    return sample;
}

/// Runs one sample and records the population `name`.
inline Trace trace_of(const Network& network, const std::string& name, const EncodedSample& sample,
                      SimulationOptions options = {}) {
    options.input_events = !sample.step_begin.empty();
    const Simulation simulation(network, options);
    Simulation::Workspace workspace(simulation);
    for (const Layer& layer : simulation.layers()) {
        if (layer.name == name) {
            return simulation.run(sample, {{layer.node, true, simulation.has_membrane(layer.node)}}, workspace)
                .traces[0];
        }
    }
    return {};
}

/// All four units by their specs.
inline SimulationOptions arithmetic(const std::string& synapse_add, const std::string& synapse_mul,
                                    const std::string& neuron_add, const std::string& neuron_mul) {
    SimulationOptions options;
    options.arithmetic = {parse_multiplier(synapse_mul), parse_adder(synapse_add), parse_multiplier(neuron_mul),
                          parse_adder(neuron_add)};
    return options;
}

}  // namespace axfire::test
