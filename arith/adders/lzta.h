// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Lower-part zero truncation: the low k bits are 0, the OR of their top bits carries into the exact upper part.
struct lzta {
    static constexpr UnitInfo kInfo{"lzta",
                                    "low sum bits are 0, carry from the OR of the top low bits",
                                    "docs/arithmetic.md; first publication not established",
                                    1,
                                    {kApproximateBits}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        return upper_sum(a, b, a | b, p.value[0]);
    }
};

}  // namespace axfire::adders
