// SPDX-License-Identifier: Apache-2.0
// Approximate mirror adder 5: a low sum bit is b's bit, a low carry is a's bit; a[k-1] carries into bit k.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 ama5(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    u64 low = 0;
    bool carry = false;
    for (unsigned i = 0; i < k; ++i) {
        low |= bit_at(bit(b, i), i);
        carry = bit(a, i);
    }
    return ripple_from(a, b, carry, k, n) | low;
}

}  // namespace axfire::oracle::adders
