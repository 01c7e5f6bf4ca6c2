// SPDX-License-Identifier: Apache-2.0
// SETA: the lower-part OR adder, the bits below k-2 also ORed with a[k-2]&b[k-2].
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 seta(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    const bool carry = k >= 1 && bit(a, k - 1) && bit(b, k - 1);
    const bool second = k >= 2 && bit(a, k - 2) && bit(b, k - 2);
    u64 low = 0;
    for (unsigned i = 0; i < k; ++i) {
        low |= bit_at(bit(a, i) || bit(b, i) || (i + 2 < k && second), i);
    }
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
