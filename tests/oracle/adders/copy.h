// SPDX-License-Identifier: Apache-2.0
// Copy: the low k bits are b's, and carry nothing.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 copy(u64 a, u64 b, unsigned n, const Parameters& p) {
    u64 sum = ripple_from(a, b, false, p.value[0], n);
    for (unsigned i = 0; i < p.value[0]; ++i) {
        sum |= bit_at(bit(b, i), i);
    }
    return sum;
}

}  // namespace axfire::oracle::adders
