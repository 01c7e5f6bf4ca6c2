// SPDX-License-Identifier: Apache-2.0
// Enhanced static segment method: the segment of m bits starts at bit n-m, (n-m)/2 or 0, the lowest that reaches the
// operand's leading one.
#pragma once

#include <initializer_list>

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

/// The operand with all bits outside of the chosen segment cleared.
inline u64 enhanced_segment(u64 x, unsigned n, unsigned m) {
    unsigned first = n - m;
    for (const unsigned start : {(n - m) / 2, 0u}) {
        if (x == 0 || leading_one_index(x) < start + m) {
            first = start;
        }
    }
    u64 kept = 0;
    for (unsigned i = first; i < first + m; ++i) {
        kept |= bit_at(bit(x, i), i);
    }
    return kept;
}

inline u64 essm(u64 a, u64 b, unsigned n, const Parameters& p) {
    return enhanced_segment(a, n, p.value[0]) * enhanced_segment(b, n, p.value[0]);
}

}  // namespace axfire::oracle::multipliers
