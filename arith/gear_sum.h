// SPDX-License-Identifier: Apache-2.0
// Adders made of overlapping sub-adders: gear, aca and eta2.
#pragma once

#include "arith/low_part.h"

namespace axfire {

/// Sub-adder s adds bits [s r + r + p - 1 : s r] with carry-in 0. The first gives all its sum bits, a later one its top
/// r; the last one's carry-out is bit n. Beyond bit n-1 the operands are 0. r + p <= n, r > 0.
template <class U>
AXFIRE_FN U gear_sum(const U& a, const U& b, u32 n, u32 r, u32 p) {
    const u32 window = low_mask(r + p);
    U sum = (a & window) + (b & window);
    for (u32 at = r; at + p < n; at += r) {
        const U part = ((a >> at) & window) + ((b >> at) & window);
        sum = (sum & low_mask(at + p)) | (part >> p << (at + p));  // over the carry-out before it
    }
    return sum;
}

}  // namespace axfire
