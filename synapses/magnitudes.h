// SPDX-License-Identifier: Apache-2.0
// How far apart the magnitudes in an array lie.
#pragma once

#include "arith/pack.h"
#include "synapses/views.h"

namespace axfire {

/// Of n values; what is absent counts as 0.
template <class U>
AXFIRE_FN Magnitudes magnitudes(const u32* values, u32 n) {
    constexpr u32 kWidth = LaneTraits<U>::kWidth;
    U below_least = splat<U>(~0u);  // 0 - 1 is above all others
    U greatest{};
    for (u32 i = 0; i < n; i += kWidth) {
        U x{};
        memcpy(&x, values + i, sizeof(u32) * (n - i < kWidth ? n - i : kWidth));
        const U magnitude_of_x = magnitude(x) & ~eq(x, splat<U>(kAbsent));
        below_least = min_lanes(below_least, magnitude_of_x - 1u);
        greatest = max_lanes(greatest, magnitude_of_x);
    }
    Magnitudes found{~0u, 0};
    for (u32 i = 0; i < kWidth; ++i) {
        found.least = lane(below_least, i) < found.least ? lane(below_least, i) : found.least;
        found.greatest = lane(greatest, i) > found.greatest ? lane(greatest, i) : found.greatest;
    }
    ++found.least;
    return found;
}

/// True where the exponents of factors are so far from both ends that products, and what leads to them, are normal
/// numbers or zeros, even after a rounding of `a` and by a multiplier that loses all but the last of 24 places.
AXFIRE_FN bool ordinary_factors(const Magnitudes& a, const Magnitudes& b) {
    constexpr u32 kLeast = 32, kGreatest = 222, kLeastSum = 154, kGreatestSum = 360;
    const u32 greatest_a = a.greatest >> 23, greatest_b = b.greatest >> 23;
    if (greatest_a > kGreatest || greatest_b > kGreatest || greatest_a + greatest_b > kGreatestSum) {
        return false;
    }
    const u32 least_a = a.least >> 23, least_b = b.least >> 23;
    return a.greatest == 0 || b.greatest == 0 ||
           (least_a >= kLeast && least_b >= kLeast && least_a + least_b >= kLeastSum);
}

}  // namespace axfire
