// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/log_product.h"

namespace axfire::multipliers {

/// Mitchell's multiplier on the w-1 leading bits of each fraction.
struct mitchw {
    static constexpr UnitInfo kInfo{
        "mitchw",
        "mitchell on fractions cut to w-1 bits",
        "Kim et al., ASP-DAC 2018",
        1,
        {{"w", 1, kCircuitWidth, false, 0, "bits kept of each operand, leading one included"}}};

    template <class U>
    AXFIRE_FN static U add_fractions(const U& x, const U& y, u32 m, const Parameters& p) {
        const u32 cut = m + 1 - p.value[0];
        return ((x >> cut) + (y >> cut)) << cut;
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return log_product<mitchw>(a, b, n, p);
    }
};

}  // namespace axfire::multipliers
