// SPDX-License-Identifier: Apache-2.0
// DRUM: from its leading one on, an operand keeps k bits; the lowest of them is set where anything was cut off.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 drum_operand(u64 x, unsigned k) {
    if (x == 0 || leading_one_index(x) < k) {
        return x;
    }
    const unsigned lowest = leading_one_index(x) - (k - 1);
    u64 kept = bit_at(true, lowest);
    for (unsigned i = lowest; i < 64; ++i) {
        kept |= bit_at(bit(x, i), i);
    }
    return kept;
}

inline u64 drum(u64 a, u64 b, unsigned, const Parameters& p) {
    return drum_operand(a, p.value[0]) * drum_operand(b, p.value[0]);
}

}  // namespace axfire::oracle::multipliers
