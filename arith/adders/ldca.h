// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/ama5.h"

namespace axfire::adders {

/// ama5 with constants: the low bits k-1..t are those of b, the lowest t are 1, bit k-1 of a carries into the upper
/// part. It does not commute: a is the operand with the larger exponent.
struct ldca {
    static constexpr UnitInfo kInfo{
        "ldca",
        "low sum bits are b above t ones, carry is a's top low bit",
        "docs/arithmetic.md; first publication not established",
        2,
        {kApproximateBits, {"t", 0, kCircuitWidth, false, 0, "constant low bits, at most k"}}};

    static constexpr const char* invalid(const Parameters& p, u32) {
        return p.value[1] > p.value[0] ? "the t constant bits are among the k approximate ones: t is from 0 to k"
                                       : nullptr;
    }
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        return ama5::add(a, b, n, p) | low_mask(p.value[1]);
    }
};

}  // namespace axfire::adders
