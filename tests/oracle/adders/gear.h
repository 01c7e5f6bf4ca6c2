// SPDX-License-Identifier: Apache-2.0
// GeAr(r, p): overlapping sub-adders of r+p bits at bits 0, r, 2r, ..., without carries between them. The first gives
// all of its sum bits, each other one its top r; where the last one reaches above bit n-1 it adds zeros there.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 gear(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned r = p.value[0];
    const unsigned window = r + p.value[1];
    u64 sum = 0;
    for (unsigned i = 0; i <= n; ++i) {
        // The sub-adder of bit i is the first that reaches up to it; bit n comes with bit n-1.
        unsigned start = 0;
        while (start + window <= (i < n ? i : n - 1)) {
            start += r;
        }
        const bool carry = bit(ripple_from(a, b, false, start, i), i);
        sum |= bit_at(i < n ? carry != (bit(a, i) != bit(b, i)) : carry, i);
    }
    return sum;
}

}  // namespace axfire::oracle::adders
