// SPDX-License-Identifier: Apache-2.0
// HOERAA: c = a[k-1]&b[k-1] carries into bit k. Bit k-1 is the AND of the operands' bits k-2 where c, else the OR of
// their bits k-1; bit k-2 is an OR; bits below are ones.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 hoeraa(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    const bool carry = k >= 1 && bit(a, k - 1) && bit(b, k - 1);
    const bool below = k >= 2 && bit(a, k - 2) && bit(b, k - 2);
    u64 low = 0;
    for (unsigned i = 0; i < k; ++i) {
        const bool either = bit(a, i) || bit(b, i);
        if (i + 1 == k) {
            low |= bit_at(carry ? below : either, i);
        } else if (i + 2 == k) {
            low |= bit_at(either, i);
        } else {
            low |= bit_at(true, i);
        }
    }
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
