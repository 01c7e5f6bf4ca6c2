// SPDX-License-Identifier: Apache-2.0
// The largest element of a window.
#pragma once

#include "arith/pack.h"

namespace axfire {

struct MaxPool2dArgs {
    u32 channels, height_in, width_in, height_out, width_out;
    u32 kernel_h, kernel_w;
    u32 stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
};

/// Index of the largest element of an output's window, the first of equal ones; NaN is larger than all. What did
/// not arrive is +0. kAbsent for a window of nothing but padding.
AXFIRE_FN u32 largest_in_window(const MaxPool2dArgs& a, const u32* x, u32 output) {
    const u32 plane = a.height_out * a.width_out;
    const u32 channel = output / plane;
    const u32 y = output % plane / a.width_out * a.stride_h;
    const u32 left = output % a.width_out * a.stride_w;
    u32 best = kAbsent;
    float most = 0;
    for (u32 ky = 0; ky < a.kernel_h; ++ky) {
        const u32 iy = y + ky * a.dilation_h - a.pad_h;  // wraps to a large number above the image
        for (u32 kx = 0; iy < a.height_in && kx < a.kernel_w; ++kx) {
            const u32 ix = left + kx * a.dilation_w - a.pad_w;
            if (ix >= a.width_in) {
                continue;
            }
            const u32 at = (channel * a.height_in + iy) * a.width_in + ix;
            const float value = as_float(x[at] == kAbsent ? 0u : x[at]);
            if (best == kAbsent || value > most || (value != value && most == most)) {
                best = at;
                most = value;
            }
        }
    }
    return best;
}

}  // namespace axfire
