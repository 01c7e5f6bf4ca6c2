// SPDX-License-Identifier: Apache-2.0
// L-Mul: the fractions' sum plus 2^-l, its carry of 0, 1 or 2 into the exponent; l is M up to 3, 3 for M = 4, else 4.
#pragma once

#include "tests/oracle/multipliers/mitchw.h"

namespace axfire::oracle::multipliers {

inline u64 lmul(u64 a, u64 b, unsigned n, const Parameters&) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const unsigned m = n - 1;
    const unsigned l = m <= 3 ? m : (m == 4 ? 3 : 4);
    const u64 sum = fraction_field(a, n) + fraction_field(b, n) + bit_at(true, m - l);
    return antilogarithm(sum, leading_one_index(a) + leading_one_index(b), m);
}

}  // namespace axfire::oracle::multipliers
