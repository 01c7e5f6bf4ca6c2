// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/gear_sum.h"

namespace axfire::adders {

/// Almost correct adder: every sum bit comes from the q bit positions that end at it; gear(1, q-1).
struct aca {
    static constexpr UnitInfo kInfo{"aca",
                                    "every sum bit from a carry chain of at most q bits",
                                    "Verma et al., DATE 2008",
                                    1,
                                    {{"q", 1, kCircuitWidth, false, 0, "bits of each carry chain"}}};
    static constexpr bool kCommutes = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        return gear_sum(a, b, n, 1, p.value[0] - 1);
    }
};

}  // namespace axfire::adders
