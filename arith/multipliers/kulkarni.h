// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/wide.h"

namespace axfire::multipliers {

/// Underdesigned multiplier: built of 2x2-bit blocks that are exact except 3 x 3 = 7. Every such pair of digits takes
/// 2 << 2(i+j) from the product, together twice the product of the masks of the digits that are 3.
struct kulkarni {
    static constexpr UnitInfo kInfo{
        "kulkarni", "array of 2x2 blocks that are exact except 3 x 3 = 7", "Kulkarni et al., VLSI Design 2011", 0, {}};

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32, const Parameters&) {
        return wide_sub(wide_mul(a, b), wide_shl(wide_mul(threes(a), threes(b)), 1));
    }

    AXFIRE_FN static constexpr bool keeps_lead(u32, const Parameters&) { return true; }
    template <class U>
    AXFIRE_FN static U upper_half(const U& a, const U& b, u32 n, const Parameters&) {
        return wide_difference_high(a << (32 - n), b, threes(a) << (33 - n), threes(b));
    }

private:
    /// The lower bit of each digit that is 3.
    template <class U>
    AXFIRE_FN static U threes(const U& x) {
        return x & (x >> 1) & 0x55555555u;
    }
};

}  // namespace axfire::multipliers
