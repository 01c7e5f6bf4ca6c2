// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Hybrid error reduction lower-part OR adder: loa whose bit k-1 is a ^ b or takes the carry of the pair at k-2; where
/// it cannot take it, every bit below becomes 1.
struct herloa {
    static constexpr UnitInfo kInfo{"herloa",
                                    "lower-part OR adder with hybrid error reduction",
                                    "Seo et al., Electronics 9(3), 2020",
                                    1,
                                    {{"k", 2, kCircuitWidth, false, 0, "approximate low bits"}}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        const u32 k = p.value[0];
        const U either = a | b;
        const U x = bit(a ^ b, k - 1);
        const U d = bit(a & b, k - 2);
        const U top = ((x | d) << (k - 1)) | ((bit(either, k - 2) & (x | (d ^ 1u))) << (k - 2));
        return (either & ~low_mask(k)) + sum_of_and(a, b, k) + (top | ((either | (U{} - (x & d))) & low_mask(k - 2)));
    }
};

}  // namespace axfire::adders
