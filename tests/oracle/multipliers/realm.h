// SPDX-License-Identifier: Apache-2.0
// REALM: MBM with a constant for each of n x n segments of the fractions' square, found here by numerical integration:
// the multiple of 2^-7 nearest to the c that makes the mean relative error over the segment zero.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/oracle/bits.h"

namespace axfire::oracle::multipliers {

/// Simpson's rule for a smooth function.
template <class F>
long double integral(const F& f, long double from, long double to) {
    constexpr int kIntervals = 64;
    const long double step = (to - from) / kIntervals;
    long double sum = f(from) + f(to);
    for (int i = 1; i < kIntervals; ++i) {
        sum += f(from + i * step) * (i % 2 == 0 ? 2 : 4);
    }
    return sum * step / 3;
}

/// The constant of segment (i, j) before rounding. The mean of (base + c) / ((1+x)(1+y)) - 1, with Mitchell's base, is
/// 0 where c is the integral of 1 - base / ((1+x)(1+y)) over that of 1 / ((1+x)(1+y)).
inline long double realm_real_constant(unsigned segments, unsigned i, unsigned j) {
    const long double width = 1.0L / segments;
    const long double left = i * width;
    const long double bottom = j * width;
    const long double top = bottom + width;
    const auto deficit = [&](long double x) {
        // Mitchell's base has an edge at x + y = 1; within one segment it runs from corner to corner.
        const long double edge = std::clamp(1 - x, bottom, top);
        const auto below = [&](long double y) { return 1 - (1 + x + y) / ((1 + x) * (1 + y)); };
        const auto above = [&](long double y) { return 1 - 2 * (x + y) / ((1 + x) * (1 + y)); };
        return integral(below, bottom, edge) + integral(above, edge, top);
    };
    const auto weight = [&](long double x) {
        return integral([&](long double y) { return 1 / ((1 + x) * (1 + y)); }, bottom, top);
    };
    return integral(deficit, left, left + width) / integral(weight, left, left + width);
}

/// The constant in units of 2^-7, for 4, 8 or 16 segments.
inline u64 realm_constant(unsigned segments, unsigned i, unsigned j) {
    static const std::vector<u64> constants = [] {
        std::vector<u64> all;
        for (const unsigned n : {4u, 8u, 16u}) {
            for (unsigned segment = 0; segment < n * n; ++segment) {
                const long double c = realm_real_constant(n, segment / n, segment % n);
                all.push_back(static_cast<u64>(std::floor(c * 128 + 0.5L)));
            }
        }
        return all;
    }();
    const unsigned before = segments == 4 ? 0 : (segments == 8 ? 16 : 16 + 64);
    return constants[before + i * segments + j];
}

inline u64 realm(u64 a, u64 b, unsigned, const Parameters& p) {
    if (a == 0 || b == 0) {
        return 0;
    }
    const unsigned segments = p.value[0];
    const unsigned ka = leading_one_index(a);
    const unsigned kb = leading_one_index(b);
    const u64 x = a - (u64{1} << ka);  // in units of 2^-ka
    const u64 y = b - (u64{1} << kb);  // in units of 2^-kb
    const unsigned i = static_cast<unsigned>((x * segments) >> ka);
    const unsigned j = static_cast<unsigned>((y * segments) >> kb);
    // Numbers in 128ths of 2^-(ka+kb).
    const u64 one = u64{128} << (ka + kb);
    const u64 c = one / 128 * realm_constant(segments, i, j);
    const u64 s = 128 * ((x << kb) + (y << ka));
    u64 value = 0;
    if (s < one) {
        value = one + s + c;
    } else {
        value = 2 * s + c < 4 * one ? 2 * s + c : 2 * s;
    }
    return value / 128;
}

}  // namespace axfire::oracle::multipliers
