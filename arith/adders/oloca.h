// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/loa.h"
#include "arith/adders/loawa.h"

namespace axfire::adders {

/// Optimised lower-part constant-OR adder: loa whose lowest t bits are constant 1. The sources disagree whether the low
/// part carries, so that is a parameter.
struct oloca {
    static constexpr UnitInfo kInfo{
        "oloca",
        "lower-part OR adder whose lowest t bits are 1",
        "Dalloo et al., IEEE TVLSI 26(8), 2018",
        3,
        {kApproximateBits,
         {"t", 0, kCircuitWidth, true, 2, "constant low bits, at most k"},
         {"carry", 0, 1, true, 0, "carry into the upper part: AND of the top low bits or none", "and|none"}}};

    static constexpr const char* invalid(const Parameters& p, u32) {
        return p.value[1] > p.value[0] ? "the t constant bits are among the k approximate ones: t is from 0 to k"
                                       : nullptr;
    }
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        const U sum = p.value[2] == 0 ? loa::add(a, b, n, p) : loawa::add(a, b, n, p);
        return sum | low_mask(p.value[1]);
    }
};

}  // namespace axfire::adders
