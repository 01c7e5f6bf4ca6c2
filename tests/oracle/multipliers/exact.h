// SPDX-License-Identifier: Apache-2.0
// The exact product of two n-bit integers, by adding shifted rows.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 exact(u64 a, u64 b, unsigned n, const Parameters&) {
    u64 product = 0;
    for (unsigned i = 0; i < n; ++i) {
        product += bit(a, i) ? b << i : 0;
    }
    return product;
}

}  // namespace axfire::oracle::multipliers
