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
        return with_top(a, b, bit(a ^ b, k - 1) | (bit(both, k - 1) & bit(both, k - 2)), k);
    }

    /// The sum with a given bit k-1.
    template <class U>
    AXFIRE_FN static U with_top(const U& a, const U& b, const U& top, u32 k) {
        const U low = (top << (k - 1)) | (bit(a | b, k - 2) << (k - 2)) | low_mask(k - 2);
        return ((a | b) & ~low_mask(k)) + sum_of_and(a, b, k) + low;
    }
};

}  // namespace axfire::adders
