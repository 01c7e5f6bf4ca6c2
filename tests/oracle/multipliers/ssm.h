// SPDX-License-Identifier: Apache-2.0
// Static segment method: an operand is its upper m bits, or its lower m where all bits above those are zero.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

/// The operand with all bits outside of the chosen segment cleared.
inline u64 static_segment(u64 x, unsigned n, unsigned m) {
    bool upper = false;
    for (unsigned i = m; i < n; ++i) {
        upper = upper || bit(x, i);
    }
    const unsigned first = upper ? n - m : 0;
    u64 kept = 0;
    for (unsigned i = first; i < first + m; ++i) {
        kept |= bit_at(bit(x, i), i);
    }
    return kept;
}

inline u64 ssm(u64 a, u64 b, unsigned n, const Parameters& p) {
    return static_segment(a, n, p.value[0]) * static_segment(b, n, p.value[0]);
}

}  // namespace axfire::oracle::multipliers
