// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Hardware-optimised and error-reduced approximate adder: a | b in the two top low bits, ones below; where the top
/// pair carries, sum bit k-1 is the AND of the pair below it.
struct hoeraa {
    static constexpr UnitInfo kInfo{"hoeraa",
                                    "two OR bits above constant ones, top one corrected on a carry",
                                    "Balasubramanian and Maskell, Electronics 8(11), 2019",
                                    1,
                                    {{"k", 2, kCircuitWidth, false, 0, "approximate low bits"}}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        const u32 k = p.value[0];
        const U both = a & b;
        return with_top(a, b, both & (both << 1), k);
    }

    /// The sum with bit k-1 = a ^ b or `more`.
    template <class U>
    AXFIRE_FN static U with_top(const U& a, const U& b, const U& more, u32 k) {
        const u32 top = 1u << (k - 1);
        return (either_but_common(a, b, top) | (more & top) | low_mask(k - 2)) + sum_of_and(a, b, k);
    }
};

}  // namespace axfire::adders
