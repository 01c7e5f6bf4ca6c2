// SPDX-License-Identifier: Apache-2.0
// Modified HERLOA: HERLOA (two high bits and two ORs set by x&d) with ones in bits k-5..0.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 mherloa(u64 a, u64 b, unsigned n, const Parameters& p) {
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
            low |= bit_at(i + 5 <= k || either || (x && d), i);
        }
    }
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
