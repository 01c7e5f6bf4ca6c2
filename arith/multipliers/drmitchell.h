// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/log_product.h"

namespace axfire::multipliers {

/// Dynamic range approximate logarithmic multiplier (DR-ALM): w-1 bits of each fraction, the lowest set to 1, and a 1
/// of the same weight added to their sum.
struct drmitchell {
    static constexpr UnitInfo kInfo{
        "drmitchell",
        "mitchell on w-1 bit fractions, lowest bit set, sum compensated",
        "Yin et al., IEEE Trans. Sustainable Computing 6(4), 2021",
        1,
        {{"w", 2, kCircuitWidth, false, 0, "bits kept of each operand, leading one included"}}};

    template <class U>
    AXFIRE_FN static U add_fractions(const U& x, const U& y, u32 m, const Parameters& p) {
        const u32 cut = m + 1 - p.value[0];
        return (((x >> cut) | 1u) + ((y >> cut) | 1u) + 1u) << cut;
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return log_product<drmitchell>(a, b, n, p);
    }
};

}  // namespace axfire::multipliers
