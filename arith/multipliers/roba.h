// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/log_product.h"

namespace axfire::multipliers {

/// Rounding-based multiplier: with Ar and Br the nearest powers of two (up from 1.5 times one, but 3 goes to 2) the
/// product is Ar b + Br a - Ar Br, shifts and additions only.
struct roba {
    static constexpr UnitInfo kInfo{"roba",
                                    "operands rounded to powers of two, shifts and additions only",
                                    "Zendegani et al., IEEE TVLSI 25(2), 2017",
                                    0,
                                    {}};

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32, const Parameters&) {
        const U ka = nearest_power(a);
        const U kb = nearest_power(b);
        const Wide<U> sum = wide_add(wide_shl_lanes(Wide<U>{U{}, b}, ka), wide_shl_lanes(Wide<U>{U{}, a}, kb));
        const Wide<U> both = wide_shl_lanes(Wide<U>{U{}, splat<U>(1)}, ka + kb);
        return nonzero_product(a, b, wide_sub(sum, both));
    }

    /// Of operands 1 + x and 1 + y: 1 + x + y, and another y where Ar is 2, another x where Br is 2; not the 1 where
    /// both are.
    AXFIRE_FN static constexpr bool keeps_lead(u32, const Parameters&) { return true; }
    template <class U>
    AXFIRE_FN static U upper_half(const U& a, const U& b, u32 n, const Parameters&) {
        const u32 one = 1u << (n - 1);
        const U up_a = U{} - ((a >> (n - 2)) & (n == 2 ? 0u : 1u));
        const U up_b = U{} - ((b >> (n - 2)) & (n == 2 ? 0u : 1u));
        return (a + (b - one) + ((b - one) & up_a) + ((a - one - (up_a & one)) & up_b)) >> 1;
    }

private:
    template <class U>
    AXFIRE_FN static U nearest_power(const U& x) {
        const U some = x | (eq(x, U{}) & 1u);
        const U half = (splat<U>(1) << leading_one(some)) >> 1;
        return leading_one(some + half) - (eq(x, splat<U>(3)) & 1u);
    }
};

}  // namespace axfire::multipliers
