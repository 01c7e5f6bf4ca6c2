// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Approximate mirror adder 5: the low k sum bits are those of b, bit k-1 of a carries into the exact upper part.
/// It does not commute: a is the operand with the larger exponent.
struct ama5 {
    static constexpr UnitInfo kInfo{"ama5",
                                    "approximate mirror adder 5: low sum bits are b, carry is a's top low bit",
                                    "Gupta et al., IEEE TCAD 32(1), 2013",
                                    1,
                                    {kApproximateBits}};
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        return sum_of_and(a, a, p.value[0]) + b;
    }
};

}  // namespace axfire::adders
