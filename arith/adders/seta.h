// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/loa.h"

namespace axfire::adders {

/// Lower-part OR adder whose bits below k-2 are also 1 where both operands have bit k-2.
struct seta {
    static constexpr UnitInfo kInfo{"seta",
                                    "lower-part OR adder, low bits 1 when the second top pair is 1+1",
                                    "docs/arithmetic.md; first publication not established",
                                    1,
                                    {{"k", 2, kCircuitWidth, false, 0, "approximate low bits"}}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        const u32 k = p.value[0];
        return loa::add(a, b, n, p) | ((U{} - bit(a & b, k - 2)) & low_mask(k - 2));
    }
};

}  // namespace axfire::adders
