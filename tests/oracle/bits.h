// SPDX-License-Identifier: Apache-2.0
// Single bits of integers, for circuits written gate by gate.
#pragma once

#include "arith/lanes.h"
#include "arith/unit.h"

namespace axfire::oracle {

inline bool bit(u64 x, unsigned i) {
    return (x >> i) % 2 != 0;
}

inline u64 bit_at(bool b, unsigned i) {
    return b ? u64{1} << i : 0;
}

/// Bits [n : k] of a + b + carry-in at bit k, by a chain of full adders; the last carry-out is bit n.
inline u64 ripple_from(u64 a, u64 b, bool carry, unsigned k, unsigned n) {
    u64 sum = 0;
    for (unsigned i = k; i < n; ++i) {
        const int ones = (bit(a, i) ? 1 : 0) + (bit(b, i) ? 1 : 0) + (carry ? 1 : 0);
        sum |= bit_at(ones % 2 == 1, i);
        carry = ones >= 2;
    }
    return sum | bit_at(carry, n);
}

/// Index of the leading one of a nonzero integer.
inline unsigned leading_one_index(u64 x) {
    unsigned i = 63;
    while (!bit(x, i)) {
        --i;
    }
    return i;
}

}  // namespace axfire::oracle
