// SPDX-License-Identifier: Apache-2.0
// Error-tolerant adder I: from bit k-1 down, XOR until both operands have a one; ones from there on. No carry.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 eta1(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    u64 low = 0;
    bool saturated = false;
    for (unsigned i = k; i-- > 0;) {
        saturated = saturated || (bit(a, i) && bit(b, i));
        low |= bit_at(saturated || bit(a, i) != bit(b, i), i);
    }
    return ripple_from(a, b, false, k, n) | low;
}

}  // namespace axfire::oracle::adders
