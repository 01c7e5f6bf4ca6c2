// SPDX-License-Identifier: Apache-2.0
// The constants of the REALM multiplier in units of 2^-7; rows by the leading bits of A's fraction, columns by B's.
// Made by: python3 scripts/realm_constants.py > arith/realm_table.h
#pragma once

#include "arith/lanes.h"

namespace axfire {

/// The n x n constants, n = 4, 8 or 16, row after row. Static in a function, so that device code has them too.
AXFIRE_FN const unsigned char* realm_table(u32 n) {
    // clang-format off
    static constexpr unsigned char k4[16] = {
         2,  6, 10,  9,
         6, 18, 25, 10,
        10, 25, 18,  6,
         9, 10,  6,  2,
    };
    static constexpr unsigned char k8[64] = {
         0,  1,  2,  3,  4,  5,  6,  5,
         1,  4,  7, 10, 13, 16, 17,  7,
         2,  7, 12, 17, 22, 25, 17,  6,
         3, 10, 17, 24, 29, 23, 14,  5,
         4, 13, 22, 29, 25, 18, 11,  4,
         5, 16, 25, 23, 18, 13,  8,  3,
         6, 17, 17, 14, 11,  8,  5,  2,
         5,  7,  6,  5,  4,  3,  2,  1,
    };
    static constexpr unsigned char k16[256] = {
         0,  0,  1,  1,  1,  1,  2,  2,  2,  2,  3,  3,  3,  3,  4,  3,
         0,  1,  2,  3,  3,  4,  5,  6,  6,  7,  8,  9,  9, 10, 10,  4,
         1,  2,  3,  4,  6,  7,  8,  9, 11, 12, 13, 14, 16, 16, 10,  3,
         1,  3,  4,  6,  8, 10, 11, 13, 15, 17, 18, 20, 21, 16,  9,  3,
         1,  3,  6,  8, 10, 12, 15, 17, 19, 21, 24, 25, 20, 14,  9,  3,
         1,  4,  7, 10, 12, 15, 18, 21, 23, 26, 28, 24, 18, 13,  8,  3,
         2,  5,  8, 11, 15, 18, 21, 24, 28, 30, 26, 21, 17, 12,  7,  2,
         2,  6,  9, 13, 17, 21, 24, 28, 31, 28, 23, 19, 15, 11,  6,  2,
         2,  6, 11, 15, 19, 23, 28, 31, 28, 24, 21, 17, 13,  9,  6,  2,
         2,  7, 12, 17, 21, 26, 30, 28, 24, 21, 18, 15, 11,  8,  5,  2,
         3,  8, 13, 18, 24, 28, 26, 23, 21, 18, 15, 12, 10,  7,  4,  1,
         3,  9, 14, 20, 25, 24, 21, 19, 17, 15, 12, 10,  8,  6,  3,  1,
         3,  9, 16, 21, 20, 18, 17, 15, 13, 11, 10,  8,  6,  4,  3,  1,
         3, 10, 16, 16, 14, 13, 12, 11,  9,  8,  7,  6,  4,  3,  2,  1,
         4, 10, 10,  9,  9,  8,  7,  6,  6,  5,  4,  3,  3,  2,  1,  0,
         3,  4,  3,  3,  3,  3,  2,  2,  2,  2,  1,  1,  1,  1,  0,  0,
    };
    // clang-format on
    return n == 4 ? k4 : n == 8 ? k8 : k16;
}

}  // namespace axfire
