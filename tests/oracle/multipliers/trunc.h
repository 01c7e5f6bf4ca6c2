// SPDX-License-Identifier: Apache-2.0
// Array multiplier without the partial products a[i] b[j] of columns i + j < v.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 trunc(u64 a, u64 b, unsigned n, const Parameters& p) {
    u64 product = 0;
    for (unsigned i = 0; i < n; ++i) {
        for (unsigned j = 0; j < n; ++j) {
            product += bit_at(bit(a, i) && bit(b, j) && i + j >= p.value[0], i + j);
        }
    }
    return product;
}

}  // namespace axfire::oracle::multipliers
