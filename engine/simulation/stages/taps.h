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
    Taps(u32 in, u32 out, u32 kernel, u32 stride, u32 pad, u32 dilation) {
        for (u32 y = 0; y < in; ++y) {
            begin.push_back(static_cast<u32>(taps.size()));
            for (u32 o = 0; o < out; ++o) {
                const u64 offset = static_cast<u64>(y) + pad - static_cast<u64>(o) * stride;  // wraps when negative
                if (offset % dilation == 0 && offset / dilation < kernel) {
                    taps.push_back({static_cast<u32>(offset / dilation), o});
                }
            }
        }
        begin.push_back(static_cast<u32>(taps.size()));
    }
    TapList view() const { return {begin.data(), taps.data()}; }
};

}  // namespace axfire
