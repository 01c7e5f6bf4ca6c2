// SPDX-License-Identifier: Apache-2.0
// Networks of a layer or two, run for one step, for tests that know what comes out.
#pragma once

#include "tests/engine/networks.h"
#include "tests/engine/reference_run.h"

namespace axfire::test {

/// One step with a spike at each of the inputs.
inline EncodedSample spikes_at(const std::vector<std::uint32_t>& inputs) {
    EncodedSample sample;
    sample.steps = 1;
    sample.step_begin = {0, static_cast<std::uint32_t>(inputs.size())};
    sample.index = inputs;
    sample.amplitude.assign(inputs.size(), 1.0F);
    return sample;
}
inline EncodedSample all_spike(std::size_t inputs) {
    std::vector<std::uint32_t> all(inputs);
    for (std::size_t i = 0; i < inputs; ++i) {
        all[i] = static_cast<std::uint32_t>(i);
    }
    return spikes_at(all);
}
inline EncodedSample ones(std::size_t inputs) {
    return constant_input(std::vector<float>(inputs, 1.0F), 1);
}

inline SimulationOptions with_adder(const std::string& adder, const std::string& multiplier = "exact@fp32") {
    SimulationOptions options = arithmetic(adder, multiplier, "exact@fp32", "exact@fp32");
    options.jit = Jit::off;
    options.readout = Readout::sum;
    return options;
}

inline std::vector<float> readout(const Network& network, const EncodedSample& sample, SimulationOptions options) {
    options.input_events = !sample.step_begin.empty();
    const Simulation simulation(network, options);
    Simulation::Workspace workspace(simulation);
    return simulation.run(sample, {}, workspace).readout;
}

inline std::string difference(const Network& network, const EncodedSample& sample, SimulationOptions options) {
    options.input_events = !sample.step_begin.empty();
    Compared compared;
    return compare_with_reference(network, options, sample, compared);
}

inline Node linear(std::size_t outputs, std::vector<float> weight, std::vector<float> bias = {}) {
    const std::size_t inputs = weight.size() / outputs;
    return {"w", nodes::Linear{{{outputs, inputs}, std::move(weight)}, {{outputs}, std::move(bias)}}};
}
inline Network one_sum(const std::vector<float>& weight, std::vector<float> bias = {}) {
    return chain({weight.size()}, {linear(1, weight, std::move(bias))});
}

}  // namespace axfire::test
