// SPDX-License-Identifier: Apache-2.0
// Truncation to ones: the low k bits are ones and carry nothing.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 trunc1(u64 a, u64 b, unsigned n, const Parameters& p) {
    u64 sum = ripple_from(a, b, false, p.value[0], n);
    for (unsigned i = 0; i < p.value[0]; ++i) {
        sum |= bit_at(true, i);
    }
    return sum;
}

}  // namespace axfire::oracle::adders
