// SPDX-License-Identifier: Apache-2.0
// Layers as sums of scalar operations.
#pragma once

#include "engine/bench/scalar/arithmetic.h"

namespace axfire::scalar {

/// A layer of inputs to outputs, each connected to each.
struct Layer {
    Arithmetic arithmetic;
    int inputs;
    int outputs;
    const float* weights;  ///< [inputs][outputs], row-major; in the format of the first operation
};

/// sums[o] = sum over i, ascending, of values[i] * weights[i][o], from +0.
inline void multiply_accumulate(const Layer& l, const float* values, float* sums) {
    for (int o = 0; o < l.outputs; ++o) {
        float sum = 0;
        for (int i = 0; i < l.inputs; ++i) {
            const float weight = l.weights[std::int64_t{i} * l.outputs + o];
            sum = plus(l.arithmetic, sum, times(l.arithmetic, values[i], weight));
        }
        sums[o] = sum;
    }
}

/// sums[o] = sum over the spikes, ascending, of weights[spike][o], from +0.
inline void accumulate_spikes(const Layer& l, const std::uint32_t* spikes, int count, float* sums) {
    for (int o = 0; o < l.outputs; ++o) {
        float sum = 0;
        for (int s = 0; s < count; ++s) {
            sum = plus(l.arithmetic, sum, l.weights[std::int64_t{spikes[s]} * l.outputs + o]);
        }
        sums[o] = sum;
    }
}

}  // namespace axfire::scalar
