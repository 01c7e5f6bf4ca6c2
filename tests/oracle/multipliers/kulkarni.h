// SPDX-License-Identifier: Apache-2.0
// Kulkarni: products of 2-bit digits, exact but for 3 * 3 = 7, shifted to their places and added exactly.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 kulkarni(u64 a, u64 b, unsigned n, const Parameters&) {
    u64 product = 0;
    for (unsigned i = 0; i < n; i += 2) {
        for (unsigned j = 0; j < n; j += 2) {
            const u64 x = (a >> i) % 4;
            const u64 y = (b >> j) % 4;
            product += (x == 3 && y == 3 ? 7 : x * y) << (i + j);
        }
    }
    return product;
}

}  // namespace axfire::oracle::multipliers
