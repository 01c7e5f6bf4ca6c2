// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/log_product.h"

namespace axfire::multipliers {

/// Minimally biased multiplier: c = 2^-4 + 2^-6 is added to Mitchell's product of the significands unless the sum would
/// reach 4. It may need more bits than the fraction has, so the unit gives the whole product.
struct mbm {
    static constexpr UnitInfo kInfo{
        "mbm", "mitchell with a constant that removes its bias", "Saadat et al., IEEE TCAD 37(11), 2018", 0, {}};
    static constexpr bool kLogarithmic = true;  // in floating point the whole product is normalised

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters&) {
        return corrected_product(a, b, n, splat<U>((1u << 3) + (1u << 1)));
    }

    /// The product of 1 + x and 1 + y, the whole of it; all in units of 2^-23.
    template <class U>
    AXFIRE_FN static U significand(const U& x, const U& y, const Parameters&) {
        return corrected_significand(x, y, splat<U>((1u << 3) + (1u << 1)) << 16);
    }

    /// (1 + s + c) for s = x + y < 1, (2s + c) above, without c where that reaches 4.
    template <class U>
    AXFIRE_FN static U corrected_significand(const U& x, const U& y, const U& c) {
        const U s = x + y;
        const U plain = s + max_lanes(s, splat<U>(1u << 23));  // 1 + s or 2s
        const U sum = plain + c;
        return select(lt(sum, splat<U>(1u << 25)), sum, plain);
    }

    /// floor(2^(ka+kb) (1 + s + c)) for s = x + y < 1, floor(2^(ka+kb) (2s + c)) above, without c where that reaches 4;
    /// c in units of 2^-7.
    template <class U>
    AXFIRE_FN static Wide<U> corrected_product(const U& a, const U& b, u32 n, const U& c) {
        const u32 f = n - 1 + 7;  // fraction bits of the sums below, at most 30
        U ka, kb;
        const U x = fraction_of(a, n, ka);
        const U y = fraction_of(b, n, kb);
        const U s = (x + y) << 7;
        const U full = c << (n - 1);
        const U carry = ~lt(s, splat<U>(1u << f));
        const U half = s + (full >> 1);
        const U above = select(lt(half, splat<U>(2u << f)), half, s);
        const U sum = select(carry, above, s + full + (1u << f));
        return nonzero_product(a, b, scaled(sum, ka + kb + (carry & 1u), f));
    }
};

}  // namespace axfire::multipliers
