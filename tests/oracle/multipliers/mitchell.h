// SPDX-License-Identifier: Apache-2.0
// Mitchell: log2(2^k (1+x)) is taken as k + x. With s = x + y and k = ka + kb the product is
// 2^k (1+s) where s < 1, and 2^(k+1) s elsewhere.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 mitchell(u64 a, u64 b, unsigned, const Parameters&) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const unsigned ka = leading_one_index(a);
    const unsigned kb = leading_one_index(b);
    const u64 one = u64{1} << (ka + kb);
    const u64 x = (a - (u64{1} << ka)) << kb;  // in units of 2^-(ka+kb)
    const u64 y = (b - (u64{1} << kb)) << ka;
    const u64 s = x + y;
    return s < one ? one + s : 2 * s;
}

}  // namespace axfire::oracle::multipliers
