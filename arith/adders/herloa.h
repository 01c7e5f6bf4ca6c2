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
        const U carry = (a & b) << 1;  // its bit k-1 is that of the pair at k-2
        const U untaken = (a ^ b) & carry;
        const U ones = U{} - bit(untaken, k - 1);
        const U low = either_but_common(a, b, 3u << (k - 2)) | (carry & (1u << (k - 1))) | (ones & low_mask(k - 1));
        return low + sum_of_and(a, b, k);
    }
};

}  // namespace axfire::adders
