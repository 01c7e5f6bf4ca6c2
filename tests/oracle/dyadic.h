// SPDX-License-Identifier: Apache-2.0
// Exact addition, multiplication and conversion, correctly rounded into any format, by 128-bit integers.
#pragma once

#include "tests/oracle/number.h"

namespace axfire::oracle {

using u128 = unsigned __int128;

/// +-magnitude * 2^exponent, exactly.
struct Dyadic {
    bool negative;
    u128 magnitude;
    int exponent;
};

inline int bit_length(u128 x) {
    int length = 0;
    while (x != 0) {
        x >>= 1;
        ++length;
    }
    return length;
}

/// A finite binary32 number.
inline Dyadic dyadic(u32 bits) {
    const Number x = unpack(kFp32, bits);
    return {x.negative, static_cast<u128>(x.significand), x.exponent - 23};
}

/// The overflow result of a rounding mode: the modes that round toward zero stop at the largest finite number, and so
/// does round-to-odd.
inline u32 overflowed(const Format& f, Rounding r, bool negative) {
    const bool stays_finite =
        r == Rounding::rz || r == Rounding::odd || (r == Rounding::ru && negative) || (r == Rounding::rd && !negative);
    return stays_finite ? max_finite(f, negative) : overflowed(f, negative);
}

/// The number of the format that the mode chooses for an exact value; a zero keeps its sign.
inline u32 round_to(const Format& f, Rounding r, const Dyadic& v) {
    if (v.magnitude == 0) {
        return with_sign(v.negative, 0);
    }
    const int m = static_cast<int>(f.fraction_bits);
    const int leading = bit_length(v.magnitude) - 1 + v.exponent;
    const int exponent = leading < min_exponent(f) ? min_exponent(f) : leading;
    const int drop = exponent - m - v.exponent;  // low bits of the magnitude that do not fit

    std::int64_t kept = 0;
    int against_half = -1;  // the dropped part: -1 below, 0 at, +1 above half a unit in the last place
    bool inexact = false;
    if (drop <= 0) {
        kept = static_cast<std::int64_t>(v.magnitude << -drop);
    } else if (drop > 126) {
        inexact = true;
    } else {
        const u128 unit = u128{1} << drop;
        const u128 rest = v.magnitude % unit;
        kept = static_cast<std::int64_t>(v.magnitude / unit);
        inexact = rest != 0;
        against_half = rest * 2 > unit ? 1 : (rest * 2 == unit ? 0 : -1);
    }

    bool away = false;
    switch (r) {
        case Rounding::rne:
            away = against_half > 0 || (against_half == 0 && kept % 2 != 0);
            break;
        case Rounding::rna:
            away = against_half >= 0;
            break;
        case Rounding::rz:
            away = false;
            break;
        case Rounding::ru:
            away = inexact && !v.negative;
            break;
        case Rounding::rd:
            away = inexact && v.negative;
            break;
        case Rounding::odd:
            away = inexact && kept % 2 == 0;
            break;
        case Rounding::sr:
            throw std::logic_error("a stochastic rounding needs a random word: round_randomly()");
    }
    kept += away ? 1 : 0;

    if (exponent > max_exponent(f) || (exponent == max_exponent(f) && kept > max_significand(f))) {
        return overflowed(f, r, v.negative);
    }
    if (f.subnormals == Subnormals::flush && kept < (std::int64_t{1} << m)) {
        return with_sign(v.negative, 0);
    }
    return compose(f, v.negative, kept, exponent);
}

/// binary32 bits to the format.
inline u32 exact_convert(const Format& f, Rounding r, u32 bits) {
    if (is_nan(bits)) {
        return kCanonicalNan;
    }
    return is_inf(bits) ? overflowed(f, is_negative(bits)) : round_to(f, r, dyadic(bits));
}

inline Dyadic exact_sum(Dyadic a, Dyadic b) {
    if (a.exponent < b.exponent) {
        std::swap(a, b);
    }
    if (a.magnitude == 0 || b.magnitude == 0) {
        return a.magnitude == 0 ? b : a;
    }
    int gap = a.exponent - b.exponent;
    if (gap > 80) {  // b is far below anything that rounding looks at: any tiny number of its sign will do
        gap = 60;
        b = {b.negative, 1, a.exponent - gap};
    }
    const u128 high = a.magnitude << gap;
    if (a.negative == b.negative) {
        return {a.negative, high + b.magnitude, b.exponent};
    }
    return high >= b.magnitude ? Dyadic{a.negative, high - b.magnitude, b.exponent}
                               : Dyadic{b.negative, b.magnitude - high, b.exponent};
}

/// a + b, IEEE 754 rules for everything; operands are numbers of the format.
inline u32 exact_add(const Format& f, Rounding r, u32 a, u32 b) {
    if (is_nan(a) || is_nan(b) || (is_inf(a) && is_inf(b) && is_negative(a) != is_negative(b))) {
        return kCanonicalNan;
    }
    if (is_inf(a) || is_inf(b)) {
        return is_inf(a) ? a : b;
    }
    const Dyadic sum = exact_sum(dyadic(a), dyadic(b));
    if (sum.magnitude == 0) {
        const bool same = is_negative(a) == is_negative(b);
        return with_sign(same ? is_negative(a) : r == Rounding::rd, 0);
    }
    return round_to(f, r, sum);
}

/// a * b, IEEE 754 rules for everything; operands are numbers of the format.
inline u32 exact_mul(const Format& f, Rounding r, u32 a, u32 b) {
    const bool negative = is_negative(a) != is_negative(b);
    if (is_nan(a) || is_nan(b) || (is_inf(a) && is_zero(b)) || (is_zero(a) && is_inf(b))) {
        return kCanonicalNan;
    }
    if (is_inf(a) || is_inf(b)) {
        return with_sign(negative, kInfinity);
    }
    const Dyadic x = dyadic(a);
    const Dyadic y = dyadic(b);
    return round_to(f, r, {negative, x.magnitude * y.magnitude, x.exponent + y.exponent});
}

}  // namespace axfire::oracle
