// SPDX-License-Identifier: Apache-2.0
// What is recorded of a population while a sample runs.
#pragma once

#include <cstdint>
#include <vector>

namespace axfire {

/// Spikes and membranes of one population in one sample; what was not asked for is empty.
struct Trace {
    std::vector<std::uint32_t> spike_step;    ///< in time order, by ascending neuron within a step
    std::vector<std::uint32_t> spike_neuron;  ///< same length
    std::vector<float> membrane;              ///< [steps][neurons], after the update and reset of the step
};

}  // namespace axfire
