// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/array_product.h"

namespace axfire::multipliers {

/// Truncated array multiplier: without the partial products in columns i + j < v.
struct trunc {
    static constexpr UnitInfo kInfo{"trunc",
                                    "array without the partial products below column v",
                                    "Jiang et al., Proc. IEEE 108(12), 2020; EvoApproxLib mul12u_2JV is v=18, n=12",
                                    2,
                                    {{"v", 0, kTwiceCircuitWidth, false, 0, "columns left out"}, kBlockWidth}};
    static constexpr unsigned kBlockParameter = 1;

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return array_product(a, b, n, 0, p.value[0]);
    }

    AXFIRE_FN static constexpr bool keeps_lead(u32 n, const Parameters& p) { return p.value[0] <= 2 * n - 2; }
    template <class U>
    AXFIRE_FN static U upper_half(const U& a, const U& b, u32 n, const Parameters& p) {
        return array_upper_half(a, b, n, 0, p.value[0]);
    }
};

}  // namespace axfire::multipliers
