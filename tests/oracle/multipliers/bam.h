// SPDX-License-Identifier: Apache-2.0
// Broken-array multiplier: no partial products a[i] b[j] of rows i < h and of columns i + j < v.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 bam(u64 a, u64 b, unsigned n, const Parameters& p) {
    u64 product = 0;
    for (unsigned i = 0; i < n; ++i) {
        for (unsigned j = 0; j < n; ++j) {
            const bool present = i >= p.value[0] && i + j >= p.value[1];
            product += bit_at(present && bit(a, i) && bit(b, j), i + j);
        }
    }
    return product;
}

}  // namespace axfire::oracle::multipliers
