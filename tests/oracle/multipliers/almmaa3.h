// SPDX-License-Identifier: Apache-2.0
// ALM-MAA3: Mitchell with approximate mirror adder 5 in the low m bits of the fractions: y's bits, and x[m-1] carries.
#pragma once

#include "tests/oracle/multipliers/mitchw.h"

namespace axfire::oracle::multipliers {

inline u64 almmaa3(u64 a, u64 b, unsigned n, const Parameters& p) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const unsigned m = p.value[0];
    const u64 x = fraction_field(a, n);
    const u64 y = fraction_field(b, n);
    u64 low = 0;
    for (unsigned i = 0; i < m; ++i) {
        low |= bit_at(bit(y, i), i);
    }
    const bool carry = m > 0 && bit(x, m - 1);
    const u64 sum = ripple_from(x, y, carry, m, n - 1) | low;
    return antilogarithm(sum, leading_one_index(a) + leading_one_index(b), n - 1);
}

}  // namespace axfire::oracle::multipliers
