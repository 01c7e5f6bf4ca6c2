// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/gear_sum.h"

namespace axfire::adders {

/// Generic accuracy configurable adder: overlapping sub-adders of r result and p prediction bits.
struct gear {
    static constexpr UnitInfo kInfo{"gear",
                                    "overlapping sub-adders of r result and p prediction bits",
                                    "Shafique et al., DAC 2015",
                                    2,
                                    {{"r", 1, kCircuitWidth, false, 0, "result bits of a sub-adder"},
                                     {"p", 0, kCircuitWidth, false, 0, "bits below them that predict the carry"}}};

    static constexpr const char* invalid(const Parameters& p, u32 n) {
        return p.value[0] + p.value[1] > n
                   ? "a sub-adder fits into the adder: r + p is at most its width (M + 3 in the FP adder)"
                   : nullptr;
    }
    static constexpr bool kCommutes = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        return gear_sum(a, b, n, p.value[0], p.value[1]);
    }
};

}  // namespace axfire::adders
