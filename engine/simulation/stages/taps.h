// SPDX-License-Identifier: Apache-2.0
// Which outputs of a sliding window an input row or column reaches.
#pragma once

#include <vector>

#include "synapses/views.h"

namespace axfire {

struct Taps {
    std::vector<u32> begin;
    std::vector<Tap> taps;

    Taps() = default;
    /// `weight_step` and `sum_step`: a kernel row in weights and an output row in accumulators.
    Taps(u32 in, u32 out, u32 kernel, u32 stride, u32 pad, u32 dilation, u32 weight_step = 0, u32 sum_step = 0) {
        for (u32 y = 0; y < in; ++y) {
            begin.push_back(static_cast<u32>(taps.size()));
            for (u32 o = 0; o < out; ++o) {
                const u64 offset = static_cast<u64>(y) + pad - static_cast<u64>(o) * stride;  // wraps when negative
                if (offset % dilation == 0 && offset / dilation < kernel) {
                    const u32 k = static_cast<u32>(offset / dilation);
                    taps.push_back({k, o, k * weight_step, o * sum_step});
                }
            }
        }
        begin.push_back(static_cast<u32>(taps.size()));
    }
    TapList view() const { return {begin.data(), taps.data()}; }
};

}  // namespace axfire
