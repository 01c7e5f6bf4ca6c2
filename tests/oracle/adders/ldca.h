// SPDX-License-Identifier: Apache-2.0
// LDCA: the low sum bits are b's, except for ones in the lowest t; a[k-1] carries into bit k.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 ldca(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    const unsigned t = p.value[1];
    u64 low = 0;
    for (unsigned i = 0; i < k; ++i) {
        low |= bit_at(i < t || bit(b, i), i);
    }
    const bool carry = k >= 1 && bit(a, k - 1);
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
