// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"
#include "arith/wide.h"

namespace axfire::multipliers {

/// Static segment multiplier: each operand is cut to its top m bits, or taken from its low m bits where that loses
/// nothing; the short product is exact and is shifted back.
struct ssm {
    static constexpr UnitInfo kInfo{"ssm",
                                    "static segments: the top or the low m bits of each operand",
                                    "Narayanamoorthy et al., IEEE TVLSI 23(6), 2015",
                                    1,
                                    {{"m", 1, kCircuitWidth, false, 0, "bits of a segment"}}};

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        const U shift_a = shift(a, n, p.value[0]);
        const U shift_b = shift(b, n, p.value[0]);
        return wide_shl_lanes(wide_mul(a >> shift_a, b >> shift_b), shift_a + shift_b);
    }

    // In floating point every operand has its leading one in bit n-1.
    AXFIRE_FN static constexpr u32 bits_kept(u32, const Parameters& p) { return p.value[0]; }
    AXFIRE_FN static constexpr bool keeps_lead(u32, const Parameters&) { return true; }
    template <class U>
    AXFIRE_FN static U shortened(const U& x, u32 n, const Parameters& p) {
        return x & ~low_mask(n - p.value[0]);
    }

private:
    template <class U>
    AXFIRE_FN static U shift(const U& x, u32 n, u32 m) {
        return ~eq(x >> m, U{}) & (n - m);
    }
};

}  // namespace axfire::multipliers
