// SPDX-License-Identifier: Apache-2.0
// Adders made of overlapping sub-adders: gear, aca and eta2.
#pragma once

#include "arith/low_part.h"

namespace axfire {

/// 2^start + 2^(start + period) + ..., as far as 32 bits go; 0 < period < 64.
AXFIRE_FN constexpr u32 repeated(u32 start, u32 period) {
    const u32 count = 63 / period;
    const u64 ones = ((u64{1} << period * count) - 1) / ((u64{1} << period) - 1);
    return start < 32 ? static_cast<u32>(ones) << start : 0;
}

inline constexpr u32 kMostRipples = 8;

/// Sub-adder s adds bits [s r + r + p - 1 : s r] with carry-in 0. The first gives all its sum bits, a later one its top
/// r; the last one's carry-out is bit n. Beyond bit n-1 the operands are 0. r + p <= n, r > 0.
///
/// Sub-adders that do not overlap work in one addition: without the top bit of each, no carry leaves it.
template <class U>
AXFIRE_FN U gear_sum(const U& a, const U& b, u32 n, u32 r, u32 p) {
    if (r == 1 && p <= kMostRipples) {  // the carries of all sub-adders ripple side by side, from a bit to the next
        const U generate = a & b;
        const U propagate = a | b;
        U into{};
        for (u32 i = 0; i < p; ++i) {
            into = (generate | (propagate & into)) << 1;
        }
        return ((a ^ b ^ into) & low_mask(n)) | (((generate | (propagate & into)) << 1) & (1u << n));
    }
    const u32 length = r + p;
    const u32 apart = (length + r - 1) / r;  // sub-adders s and s + apart do not overlap
    const u32 last = (n - p - 1) / r;
    const u32 end = last * r + length;  // n or more: the last sub-adder may stand out
    U sum{};
    U carry{};
    for (u32 c = 0; c < apart && c <= last; ++c) {
        const u32 starts = repeated(c * r, apart * r);
        const u32 tops = repeated(c * r + length - 1, apart * r);
        const u32 below = tops - starts;  // every bit of a sub-adder but its top one
        const U part = ((a & below) + (b & below)) ^ ((a ^ b) & tops);
        const u32 results = (tops << 1) - repeated(c * r + p, apart * r);
        sum |= part & ((c == 0 ? results | low_mask(length) : results) & (end < 32 ? (1u << end) - 1 : ~0u));
        if (c == last % apart && end == n) {
            carry = (((a & b) | ((a | b) & ~part)) & (1u << (n - 1))) << 1;
        }
    }
    return sum | carry;
}

}  // namespace axfire
