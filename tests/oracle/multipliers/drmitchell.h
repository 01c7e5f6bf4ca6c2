// SPDX-License-Identifier: Apache-2.0
// DR-ALM: an operand keeps w-1 fraction bits, of which the lowest is set; Mitchell on their sum plus 2^-(w-1).
#pragma once

#include "tests/oracle/multipliers/mitchw.h"

namespace axfire::oracle::multipliers {

inline u64 drmitchell(u64 a, u64 b, unsigned, const Parameters& p) {
    if (a == 0 || b == 0) {
        return 0;
    }
    // Fractions in units of 2^-(w-1); those of fewer bits than w-1 end in zeros.
    const unsigned fraction_bits = p.value[0] - 1;
    const auto truncated = [&](u64 operand) {
        const unsigned leading = leading_one_index(operand);
        u64 field = bit_at(true, 0);
        for (unsigned behind = 1; behind <= leading && behind <= fraction_bits; ++behind) {
            field |= bit_at(bit(operand, leading - behind), fraction_bits - behind);
        }
        return field;
    };
    const u64 sum = truncated(a) + truncated(b) + 1;
    return antilogarithm(sum, leading_one_index(a) + leading_one_index(b), fraction_bits);
}

}  // namespace axfire::oracle::multipliers
