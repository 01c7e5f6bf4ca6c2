// SPDX-License-Identifier: Apache-2.0
// Hardware-efficient approximate adder: a[k-1]&b[k-1] carries into bit k and clears bit k-1; the other low bits are
// ORed.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 heaa(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    const bool carry = k >= 1 && bit(a, k - 1) && bit(b, k - 1);
    u64 low = 0;
    for (unsigned i = 0; i < k; ++i) {
        const bool top = i == k - 1;
        low |= bit_at((bit(a, i) || bit(b, i)) && !(top && carry), i);
    }
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
