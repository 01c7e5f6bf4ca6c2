// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Lower-part OR adder: the low k bits are a | b, the AND of their top bits carries into the exact upper part.
struct loa {
    static constexpr UnitInfo kInfo{"loa",
                                    "lower-part OR adder, carry from the AND of the top low bits",
                                    "Mahdiani et al., IEEE TCAS-I 57(4), 2010",
                                    1,
                                    {kApproximateBits}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        return (a | b) + sum_of_and(a, b, p.value[0]);
    }
};

}  // namespace axfire::adders
