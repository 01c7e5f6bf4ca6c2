// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"
#include "arith/wide.h"

namespace axfire::multipliers {

/// Dynamic range unbiased multiplier: each operand is cut to k bits from its leading one, the lowest kept bit set to 1;
/// the short product is exact and is shifted back.
struct drum {
    static constexpr UnitInfo kInfo{"drum",
                                    "dynamic range: k bits from each leading one, lowest kept bit set",
                                    "Hashemi et al., ICCAD 2015",
                                    1,
                                    {{"k", 1, kCircuitWidth, false, 0, "bits kept of each operand"}}};

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32, const Parameters& p) {
        const u32 k = p.value[0];
        U shift_a, shift_b;
        const U short_a = cut(a, k, shift_a);
        const U short_b = cut(b, k, shift_b);
        return wide_shl_lanes(wide_mul(short_a, short_b), shift_a + shift_b);
    }

    // In floating point every operand has its leading one in bit n-1.
    AXFIRE_FN static constexpr u32 bits_kept(u32, const Parameters& p) { return p.value[0]; }
    AXFIRE_FN static constexpr bool keeps_lead(u32, const Parameters&) { return true; }
    template <class U>
    AXFIRE_FN static U shortened(const U& x, u32 n, const Parameters& p) {
        const u32 k = p.value[0];
        return (x & ~low_mask(n - k)) | (k == 1 || k == n ? 0 : 1u << (n - k));
    }

private:
    template <class U>
    AXFIRE_FN static U cut(const U& x, u32 k, U& shift) {
        const U l = leading_one(x | eq(x, U{}));
        const U long_x = ~lt(l, splat<U>(k)) & ~eq(x, U{});
        shift = (l + 1u - k) & long_x;
        return (x >> (shift & 31u)) | (long_x & 1u);
    }
};

}  // namespace axfire::multipliers
