// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// Error-tolerant adder I: from bit k-1 downwards a ^ b up to the first position where both are 1; that bit and all
/// below it are 1. No carry enters the exact upper part.
struct eta1 {
    static constexpr UnitInfo kInfo{"eta1",
                                    "error-tolerant adder I: low bits a^b, ones from the first 1+1 down",
                                    "Zhu et al., IEEE TVLSI 18(8), 2010",
                                    1,
                                    {kApproximateBits}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        const u32 k = p.value[0];
        const U ones = smear_down(a & b & low_mask(k));
        return upper_sum(a, b, U{}, k) + (((a ^ b) & low_mask(k)) | ones);
    }
};

}  // namespace axfire::adders
