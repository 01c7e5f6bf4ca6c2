// SPDX-License-Identifier: Apache-2.0
// Optimised lower-part constant OR adder: the lowest t bits are ones, the rest of the low k bits is ORed; the carry
// into bit k is a[k-1]&b[k-1] (carry = 0) or none (carry = 1).
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 oloca(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    const unsigned t = p.value[1];
    const bool carry = p.value[2] == 0 && k >= 1 && bit(a, k - 1) && bit(b, k - 1);
    u64 low = 0;
    for (unsigned i = 0; i < k; ++i) {
        low |= bit_at(i < t || bit(a, i) || bit(b, i), i);
    }
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
