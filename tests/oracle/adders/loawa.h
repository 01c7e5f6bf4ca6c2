// SPDX-License-Identifier: Apache-2.0
// Lower-part OR adder without AND: the low k bits are ORed, and nothing carries into bit k.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 loawa(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    u64 low = 0;
    for (unsigned i = 0; i < k; ++i) {
        low |= bit_at(bit(a, i) || bit(b, i), i);
    }
    return ripple_from(a, b, false, k, n) | low;
}

}  // namespace axfire::oracle::adders
