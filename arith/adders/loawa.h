// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Lower-part OR adder without carry: the low k bits are a | b, nothing carries out of them.
struct loawa {
    static constexpr UnitInfo kInfo{"loawa",
                                    "lower-part OR adder without a carry into the upper part",
                                    "Albicocco et al., Asilomar 2012",
                                    1,
                                    {kApproximateBits}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        return (a | b) + (a & b & ~low_mask(p.value[0]));
    }
};

}  // namespace axfire::adders
