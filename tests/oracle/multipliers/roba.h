// SPDX-License-Identifier: Apache-2.0
// RoBA: with Ar and Br the powers of two nearest to a and b (the upper one from 1.5 times the lower on, but 2 for 3),
// the product is Ar b + Br a - Ar Br.
#pragma once

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

inline u64 nearest_power_of_two(u64 x) {
    if (x == 3) {
        return 2;
    }
    u64 power = 1;
    while (2 * x >= 3 * power) {  // x lies at or above the middle of power and 2 power
        power *= 2;
    }
    return power;
}

inline u64 roba(u64 a, u64 b, unsigned, const Parameters&) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const u64 ar = nearest_power_of_two(a);
    const u64 br = nearest_power_of_two(b);
    return ar * b + br * a - ar * br;
}

}  // namespace axfire::oracle::multipliers
