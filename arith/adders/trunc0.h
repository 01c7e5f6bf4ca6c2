// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Truncation: the low k sum bits are 0 and nothing carries out of them.
struct trunc0 {
    static constexpr UnitInfo kInfo{"trunc0",
                                    "truncated adder: low sum bits are 0",
                                    "Jiang et al., Proc. IEEE 108(12), 2020",
                                    1,
                                    {kApproximateBits}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        return upper_sum(a, b, U{}, p.value[0]);
    }
};

}  // namespace axfire::adders
