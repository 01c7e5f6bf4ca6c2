// SPDX-License-Identifier: Apache-2.0
// The significand multipliers of docs/arithmetic.md, parameters in the order of the catalogue. Logarithmic ones add two
// m-bit fractions (carry and fraction are the result), the others multiply two n-bit integers: normalised significands,
// but for the arrays, which also serve as blocks of a larger one.
#pragma once

#include <bit>
#include <cstdint>

#include "arith/realm_table.h"
#include "engine/bench/scalar/adders.h"

namespace axfire::scalar {

using Product = std::uint64_t;

inline Bits mitchell(Bits x, Bits y, int, const unsigned*) {
    return x + y;
}

inline Bits mitchw(Bits x, Bits y, int m, const unsigned* p) {
    const unsigned cut = static_cast<unsigned>(m) + 1 - p[0];
    return ((x >> cut) + (y >> cut)) << cut;
}

inline Bits drmitchell(Bits x, Bits y, int m, const unsigned* p) {
    const unsigned cut = static_cast<unsigned>(m) + 1 - p[0];
    return (((x >> cut) | 1) + ((y >> cut) | 1) + 1) << cut;
}

inline Bits almsoa(Bits x, Bits y, int m, const unsigned* p) {
    return loa(x, y, m, p) | low(p[0]);
}
inline Bits almloa(Bits x, Bits y, int m, const unsigned* p) {
    return loa(x, y, m, p);
}
inline Bits almmaa3(Bits x, Bits y, int m, const unsigned* p) {
    return ama5(x, y, m, p);
}

inline Bits lmul(Bits x, Bits y, int m, const unsigned*) {
    const int l = m <= 3 ? m : m == 4 ? 3 : 4;
    return x + y + (Bits{1} << (m - l));
}

/// Mitchell's product of normalised n-bit significands with c (units of 2^-7) added, unless the sum would reach 4.
inline Product corrected(Bits a, Bits b, int n, Bits c) {
    const int m = n - 1;
    const Bits one = Bits{1} << m;
    const Product sum = (a - one) + (b - one);
    const Product correction = Product{c} << m;  // it and `value` in units of 2^-(m + 7)
    Product value;
    if (sum < one) {
        value = ((sum + one) << 7) + correction;
    } else {
        value = sum << 8;
        if (value + correction < Product{4} << (m + 7)) {
            value += correction;
        }
    }
    return m >= 7 ? value << (m - 7) : value >> (7 - m);
}

inline Product mbm(Bits a, Bits b, int n, const unsigned*) {
    return corrected(a, b, n, (1 << 3) + (1 << 1));  // 2^-4 + 2^-6
}

inline Product realm(Bits a, Bits b, int n, const unsigned* p) {
    const Bits fraction = low(static_cast<unsigned>(n - 1));
    const Bits row = ((a & fraction) * p[0]) >> (n - 1);
    const Bits column = ((b & fraction) * p[0]) >> (n - 1);
    return corrected(a, b, n, realm_table(p[0])[row * p[0] + column]);
}

inline Product dropped(Bits a, Bits b, int, const unsigned* p) {
    return Product{a >> p[0] << p[0]} * (b >> p[0] << p[0]);
}

/// k bits from the leading one, the lowest of them 1.
inline Bits leading_bits(Bits x, int k) {
    const int cut = std::bit_width(x) - k;
    return cut > 0 ? ((x >> cut) | 1) << cut : x;
}
inline Product drum(Bits a, Bits b, int, const unsigned* p) {
    const int k = static_cast<int>(p[0]);
    return Product{leading_bits(a, k)} * leading_bits(b, k);
}

/// Of 3 as well the upper one, unlike the definition: significands of two bits have the same products either way.
inline Bits nearest_power(Bits x) {
    const Bits power = std::bit_floor(x);
    return x - power >= power - power / 2 ? 2 * power : power;
}
inline Product roba(Bits a, Bits b, int, const unsigned*) {
    const Product near_a = nearest_power(a);
    const Product near_b = nearest_power(b);
    return near_a * b + near_b * a - near_a * near_b;
}

inline Product ssm(Bits a, Bits b, int n, const unsigned* p) {
    const int m = static_cast<int>(p[0]);
    const int shift_a = a >> m != 0 ? n - m : 0;
    const int shift_b = b >> m != 0 ? n - m : 0;
    return Product{a >> shift_a} * (b >> shift_b) << (shift_a + shift_b);
}

inline int segment(Bits x, int n, int m) {
    const int middle = (n - m) / 2;
    return x >> (m + middle) != 0 ? n - m : x >> m != 0 ? middle : 0;
}
inline Product essm(Bits a, Bits b, int n, const unsigned* p) {
    const int shift_a = segment(a, n, static_cast<int>(p[0]));
    const int shift_b = segment(b, n, static_cast<int>(p[0]));
    return Product{a >> shift_a} * (b >> shift_b) << (shift_a + shift_b);
}

/// Without rows below h of a and columns below v. Rows from v on lose nothing: one multiplication; the others one by
/// one.
inline Product broken_array(Bits a, Bits b, int n, int h, int v) {
    const int whole = v < n ? (v > h ? v : h) : n;
    const Product columns = ~Product{0} << v;
    Product sum = Product{a >> whole << whole} * b;
    for (int i = h; i < whole; ++i) {
        sum += ((Product{b} << i) & columns) * bit(a, static_cast<unsigned>(i));
    }
    return sum;
}
/// h, v
inline Product bam(Bits a, Bits b, int n, const unsigned* p) {
    return broken_array(a, b, n, static_cast<int>(p[0]), static_cast<int>(p[1]));
}
/// v
inline Product trunc(Bits a, Bits b, int n, const unsigned* p) {
    return broken_array(a, b, n, 0, static_cast<int>(p[0]));
}

/// Row by row of 2x2 blocks: a digit of a times all of b, 3 x 3 = 7.
inline Product kulkarni(Bits a, Bits b, int n, const unsigned*) {
    const Bits threes = b & (b >> 1) & 0x55555555u;
    Product sum = 0;
    for (int i = 0; i < n; i += 2) {
        const Product digit = (a >> i) & 3;
        const Product row = digit * b - (digit == 3 ? 2 * threes : 0);
        sum += row << i;
    }
    return sum;
}

}  // namespace axfire::scalar
