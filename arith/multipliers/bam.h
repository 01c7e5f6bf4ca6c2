// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/array_product.h"

namespace axfire::multipliers {

/// Broken-array multiplier: without the rows i < h of operand A and the columns i + j < v.
struct bam {
    static constexpr UnitInfo kInfo{
        "bam",
        "broken array: without rows below h of operand A and columns below v",
        "Mahdiani et al., IEEE TCAS-I 57(4), 2010; EvoApproxLib mul12u_2DA is h=2, v=12, n=12",
        3,
        {{"h", 0, kCircuitWidth, false, 0, "rows of operand A left out"},
         {"v", 0, kTwiceCircuitWidth, false, 0, "columns left out"},
         kBlockWidth}};
    static constexpr unsigned kBlockParameter = 2;

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return array_product(a, b, n, p.value[0], p.value[1]);
    }

    AXFIRE_FN static constexpr bool keeps_lead(u32 n, const Parameters& p) {
        return p.value[0] < n && p.value[1] <= 2 * n - 2;
    }
    template <class U>
    AXFIRE_FN static U upper_half(const U& a, const U& b, u32 n, const Parameters& p) {
        return array_upper_half(a, b, n, p.value[0], p.value[1]);
    }
};

}  // namespace axfire::multipliers
