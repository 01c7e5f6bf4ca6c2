// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/loa.h"

namespace axfire::adders {

/// Hardware-efficient approximate adder: loa, with sum bit k-1 cleared where the low part carries out.
struct heaa {
    static constexpr UnitInfo kInfo{"heaa",
                                    "lower-part OR adder whose top low bit is 0 when it carries",
                                    "Balasubramanian and Maskell, TENCON 2018",
                                    1,
                                    {{"k", 1, kCircuitWidth, false, 0, "approximate low bits"}}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        const u32 k = p.value[0];
        return loa::add(a, b, n, p) & ~(bit(a & b, k - 1) << (k - 1));
    }
};

}  // namespace axfire::adders
