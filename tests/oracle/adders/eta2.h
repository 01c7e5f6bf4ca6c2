// SPDX-License-Identifier: Apache-2.0
// Error-tolerant adder II: blocks from bit 0 up; the carry into a block is that of the block before it alone.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 eta2(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned block = p.value[0];
    u64 sum = 0;
    bool carry = false;
    for (unsigned first = 0; first < n; first += block) {
        const unsigned end = first + block < n ? first + block : n;
        u64 bits = ripple_from(a, b, carry, first, end);
        if (end < n) {
            bits &= ~bit_at(true, end);
        }
        sum |= bits;
        carry = bit(ripple_from(a, b, false, first, end), end);
    }
    return sum;
}

}  // namespace axfire::oracle::adders
