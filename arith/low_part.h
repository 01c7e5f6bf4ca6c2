// SPDX-License-Identifier: Apache-2.0
// The two halves of an adder whose low k bits are approximate.
#pragma once

#include "arith/unit.h"

namespace axfire {

/// A mask of the k lowest bits; k <= 31.
AXFIRE_FN constexpr u32 low_mask(u32 k) {
    return (1u << k) - 1;
}

/// ((a >> k) + (b >> k) + c) << k, the exact upper part, whose carry-in c is bit k-1 of `carrier`. Few shifts: a
/// processor has fewer units for them than for sums.
template <class U>
AXFIRE_FN U upper_sum(const U& a, const U& b, const U& carrier, u32 k) {
    const u32 top = (1u << k) >> 1;
    return (a & ~low_mask(k)) + (b & ~low_mask(k)) + ((carrier & top) << 1);
}

/// What a + b has beyond a | b above the k lowest bits, the carry of bit k-1 included: a & b, whose bit k-1 counts
/// twice.
template <class U>
AXFIRE_FN U sum_of_and(const U& a, const U& b, u32 k) {
    const u32 top = (1u << k) >> 1;
    return common_bits(a, b, ~(low_mask(k) >> 1)) + common_bits(a, b, top);
}

/// Bit i of x as 0 or 1.
template <class U>
AXFIRE_FN U bit(const U& x, u32 i) {
    return (x >> i) & 1u;
}

inline constexpr ParameterInfo kApproximateBits{"k", 0, kCircuitWidth, false, 0, "approximate low bits"};

}  // namespace axfire
