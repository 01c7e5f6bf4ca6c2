// SPDX-License-Identifier: Apache-2.0
// The entry by which a compiled copy of the scalar models is called.
#pragma once

#include "engine/bench/scalar/layer.h"
#include "engine/bench/scalar/neurons.h"

namespace axfire::scalar {

struct Library {
    const NamedOperation* multipliers;
    int multiplier_count;
    const NamedOperation* adders;
    int adder_count;
    void (*multiply_accumulate)(const Layer& layer, const float* values, float* sums);
    void (*accumulate_spikes)(const Layer& layer, const std::uint32_t* spikes, int count, float* sums);
    void (*step_if)(Population& population);
    void (*step_lif)(Population& population);
    void (*step_cubalif)(Population& population);
};

inline constexpr Library kLibrary{kMultipliers,
                                  sizeof kMultipliers / sizeof *kMultipliers,
                                  kAdders,
                                  sizeof kAdders / sizeof *kAdders,
                                  multiply_accumulate,
                                  accumulate_spikes,
                                  step_if,
                                  step_lif,
                                  step_cubalif};

}  // namespace axfire::scalar
