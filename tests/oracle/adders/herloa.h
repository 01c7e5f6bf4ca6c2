// SPDX-License-Identifier: Apache-2.0
// HERLOA: with x the XOR of the operands' bits k-1 and d the AND of their bits k-2, bit k-1 is x|d, bit k-2 an OR
// cleared by d&~x, and the bits below are ORs, all set by x&d. The AND of the bits k-1 carries into bit k.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 herloa(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    const bool carry = k >= 1 && bit(a, k - 1) && bit(b, k - 1);
    const bool x = k >= 1 && bit(a, k - 1) != bit(b, k - 1);
    const bool d = k >= 2 && bit(a, k - 2) && bit(b, k - 2);
    u64 low = 0;
    for (unsigned i = 0; i < k; ++i) {
        const bool either = bit(a, i) || bit(b, i);
        if (i + 1 == k) {
            low |= bit_at(x || d, i);
        } else if (i + 2 == k) {
            low |= bit_at(either && (x || !d), i);
        } else {
            low |= bit_at(either || (x && d), i);
        }
    }
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
