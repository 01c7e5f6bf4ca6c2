// SPDX-License-Identifier: Apache-2.0
// The low d bits of both operands are cleared before an exact multiplication.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 dropped(u64 a, u64 b, unsigned n, const Parameters& p) {
    u64 product = 0;
    for (unsigned i = p.value[0]; i < n; ++i) {
        for (unsigned j = p.value[0]; j < n; ++j) {
            product += bit_at(bit(a, i) && bit(b, j), i + j);
        }
    }
    return product;
}

}  // namespace axfire::oracle::multipliers
