// SPDX-License-Identifier: Apache-2.0
// exp(x_i - max) / sum exp(x_j - max), in binary32, the sum from +0 by ascending index.
#pragma once

#include "arith/elementary.h"

namespace axfire {

/// `extent` values, `stride` apart. A NaN makes all of them NaN.
AXFIRE_FN void softmax_line(u32* x, u64 extent, u64 stride) {
    float most = as_float(x[0]);
    for (u64 i = 1; i < extent; ++i) {
        const float value = as_float(x[i * stride]);
        most = most < value ? value : most;
    }
    float sum = 0;
    for (u64 i = 0; i < extent; ++i) {
        u32& value = x[i * stride];
        value = fp_exp(as_bits<u32>(as_float(value) - most));
        sum += as_float(value);
    }
    for (u64 i = 0; i < extent; ++i) {
        const float y = as_float(x[i * stride]) / sum;
        x[i * stride] = y != y ? kCanonicalNan : as_bits<u32>(y);
    }
}

}  // namespace axfire
