// SPDX-License-Identifier: Apache-2.0
// Mitchell on truncated operands: an operand keeps w-1 bits behind its leading one. Also what all logarithmic units
// share: the fraction field, M = n-1 bits behind the leading one, and the way back from a sum of two.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

/// The bits behind the leading one of a nonzero integer, as n-1 of them: zeros follow.
inline u64 fraction_field(u64 a, unsigned n) {
    const unsigned leading = leading_one_index(a);
    u64 field = 0;
    for (unsigned behind = 1; behind <= leading; ++behind) {
        field |= bit_at(bit(a, leading - behind), n - 1 - behind);
    }
    return field;
}

/// floor(2^(k + c) (1 + f)) for a sum c + f of logarithms' fractions, in units of 2^-m, with integer part c.
inline u64 antilogarithm(u64 sum, unsigned k, unsigned m) {
    const unsigned leading = k + static_cast<unsigned>(sum >> m);
    u64 product = bit_at(true, leading);
    for (unsigned behind = 1; behind <= m && behind <= leading; ++behind) {
        product |= bit_at(bit(sum, m - behind), leading - behind);
    }
    return product;
}

inline u64 mitchw(u64 a, u64 b, unsigned n, const Parameters& p) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const unsigned m = n - 1;
    u64 x = 0;
    u64 y = 0;
    for (unsigned i = 0; i < m; ++i) {
        const bool kept = m - i <= p.value[0] - 1;  // the bit of weight 2^-(m-i)
        x |= bit_at(kept && bit(fraction_field(a, n), i), i);
        y |= bit_at(kept && bit(fraction_field(b, n), i), i);
    }
    return antilogarithm(x + y, leading_one_index(a) + leading_one_index(b), m);
}

}  // namespace axfire::oracle::multipliers
