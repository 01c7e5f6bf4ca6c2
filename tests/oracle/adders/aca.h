// SPDX-License-Identifier: Apache-2.0
// Almost-correct adder: a sum bit is right for the q operand bits that end with it, what lies below being zero.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 aca(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned q = p.value[0];
    u64 sum = 0;
    for (unsigned i = 0; i < n; ++i) {
        const unsigned first = i + 1 < q ? 0 : i + 1 - q;
        const u64 window = ripple_from(a, b, false, first, i + 1);
        sum |= bit_at(bit(window, i), i);
        sum |= bit_at(i + 1 == n && bit(window, n), n);
    }
    return sum;
}

}  // namespace axfire::oracle::adders
