// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"

namespace axfire::adders {

/// The low k sum bits are those of b and nothing carries out of them. It does not commute: a is the operand with the
/// larger exponent.
struct copy {
    static constexpr UnitInfo kInfo{
        "copy", "low sum bits are b, no carry", "Jiang et al., Proc. IEEE 108(12), 2020", 1, {kApproximateBits}};
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        return (a & ~low_mask(p.value[0])) + b;
    }
};

}  // namespace axfire::adders
