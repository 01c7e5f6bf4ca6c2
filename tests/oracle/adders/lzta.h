// SPDX-License-Identifier: Apache-2.0
// LZTA: the low k bits are zero, and a[k-1]|b[k-1] carries into bit k.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::adders {

inline u64 lzta(u64 a, u64 b, unsigned n, const Parameters& p) {
    const unsigned k = p.value[0];
    const bool carry = k >= 1 && (bit(a, k - 1) || bit(b, k - 1));
    return ripple_from(a, b, carry, k, n);
}

}  // namespace axfire::oracle::adders
