// SPDX-License-Identifier: Apache-2.0
// MBM: Mitchell's 1 + s or 2s, s = x + y, plus c = 2^-4 + 2^-6: 1 + s + c where s < 1, else 2s + c, or 2s where that
// would reach 4.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 mbm(u64 a, u64 b, unsigned, const Parameters&) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const unsigned ka = leading_one_index(a);
    const unsigned kb = leading_one_index(b);
    // Numbers in 64ths of 2^-(ka+kb).
    const u64 one = u64{64} << (ka + kb);
    const u64 c = one / 64 * 5;
    const u64 s = 64 * (((a - (u64{1} << ka)) << kb) + ((b - (u64{1} << kb)) << ka));
    u64 value = 0;
    if (s < one) {
        value = one + s + c;
    } else {
        value = 2 * s + c < 4 * one ? 2 * s + c : 2 * s;
    }
    return value / 64;
}

}  // namespace axfire::oracle::multipliers
