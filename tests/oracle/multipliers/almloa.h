// SPDX-License-Identifier: Apache-2.0
// ALM-LOA: Mitchell with a lower-part OR adder (low m bits) for the fractions.
#pragma once

#include "tests/oracle/multipliers/mitchw.h"

namespace axfire::oracle::multipliers {

inline u64 almloa(u64 a, u64 b, unsigned n, const Parameters& p) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const unsigned m = p.value[0];
    const u64 x = fraction_field(a, n);
    const u64 y = fraction_field(b, n);
    u64 low = 0;
    for (unsigned i = 0; i < m; ++i) {
        low |= bit_at(bit(x, i) || bit(y, i), i);
    }
    const bool carry = m > 0 && bit(x, m - 1) && bit(y, m - 1);
    const u64 sum = ripple_from(x, y, carry, m, n - 1) | low;
    return antilogarithm(sum, leading_one_index(a) + leading_one_index(b), n - 1);
}

}  // namespace axfire::oracle::multipliers
