// SPDX-License-Identifier: Apache-2.0
// Surrogate gradients: what stands for the derivative of a spike.
#pragma once

#include <cmath>

#include "engine/train/node_gradient.h"

namespace axfire::train {

/// The surrogate at x = u - threshold, of slope k > 0; see enum Surrogate. Only +, -, *, / and comparisons, so that it
/// has the same bits everywhere.
inline float surrogate(Surrogate kind, float k, float x) {
    constexpr float kHalfPi = 1.57079632679489662F;
    const float a = std::fabs(x);
    switch (kind) {
        case Surrogate::fast_sigmoid: {
            const float d = 1 + k * a;
            return 1 / (d * d);
        }
        case Surrogate::arctan: {
            const float d = kHalfPi * k * x;
            return k / 2 / (1 + d * d);
        }
        case Surrogate::triangular:
            return k * a < 1 ? 1 - k * a : 0.0F;
        case Surrogate::rectangular:
            return 2 * k * a < 1 ? k : 0.0F;
    }
    return 0;
}

}  // namespace axfire::train
