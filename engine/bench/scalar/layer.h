// SPDX-License-Identifier: Apache-2.0
// Layers as sums of scalar operations, and the entry by which a compiled copy is called.
#pragma once

#include "engine/bench/scalar/multiply.h"

namespace axfire::scalar {

/// A layer of inputs to outputs, each connected to each.
struct Layer {
    Operation multiply;
    Unit multiplier;
    Operation add;
    Unit adder;
    bool converts;  ///< products are rounded to the adder's format
    int inputs;
    int outputs;
    const float* weights;  ///< [inputs][outputs], row-major; of the format that the first operation takes
};

/// sums[o] = sum over i, ascending, of values[i] * weights[i][o], from +0.
inline void multiply_accumulate(const Layer& l, const float* values, float* sums) {
    for (int o = 0; o < l.outputs; ++o) {
        float sum = 0;
        for (int i = 0; i < l.inputs; ++i) {
            float product = l.multiply(values[i], l.weights[std::int64_t{i} * l.outputs + o], l.multiplier);
            if (l.converts) {
                product = round_to(product, l.adder.exponent_bits, l.adder.fraction_bits);
            }
            sum = l.add(sum, product, l.adder);
        }
        sums[o] = sum;
    }
}

/// sums[o] = sum over the spikes, ascending, of weights[spike][o], from +0.
inline void accumulate_spikes(const Layer& l, const std::uint32_t* spikes, int count, float* sums) {
    for (int o = 0; o < l.outputs; ++o) {
        float sum = 0;
        for (int s = 0; s < count; ++s) {
            sum = l.add(sum, l.weights[std::int64_t{spikes[s]} * l.outputs + o], l.adder);
        }
        sums[o] = sum;
    }
}

/// What a compiled copy offers.
struct Library {
    const NamedOperation* multipliers;
    int multiplier_count;
    const NamedOperation* adders;
    int adder_count;
    void (*multiply_accumulate)(const Layer& layer, const float* values, float* sums);
    void (*accumulate_spikes)(const Layer& layer, const std::uint32_t* spikes, int count, float* sums);
    float (*round_to)(float x, int exponent_bits, int fraction_bits);
};

inline constexpr Library kLibrary{kMultipliers,
                                  sizeof kMultipliers / sizeof *kMultipliers,
                                  kAdders,
                                  sizeof kAdders / sizeof *kAdders,
                                  multiply_accumulate,
                                  accumulate_spikes,
                                  round_to};

}  // namespace axfire::scalar
