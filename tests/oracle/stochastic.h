// SPDX-License-Identifier: Apache-2.0
// Stochastic rounding: up in magnitude with the probability of what is cut off, by a given random word; and the words
// that a network's operations get. The pipeline keeps a finite number of bits of a number, the last of them sticky, so
// the probabilities are those of what it keeps.
#pragma once

#include "arith/philox.h"
#include "tests/oracle/dyadic.h"

namespace axfire::oracle {

/// v cut off at 2^last, where the last kept bit is set if anything was lost ("rounded to odd").
inline Dyadic jammed(const Dyadic& v, int last) {
    const int drop = last - v.exponent;
    if (drop <= 0 || v.magnitude == 0) {
        return v;
    }
    const u128 kept = drop > 127 ? 0 : v.magnitude >> drop;
    const bool lost = drop > 127 || (kept << drop) != v.magnitude;
    return {v.negative, lost ? kept | 1 : kept, last};
}

/// Exponent of a number of the form 1.f * 2^e; not for zero.
inline int exponent_of(const Dyadic& v) {
    return bit_length(v.magnitude) - 1 + v.exponent;
}

/// A number cut off at the last place of a format: kept * 2^(exponent - M), and the rest in units of 2^-32 of that
/// place, which is a whole number, since the pipeline keeps 31 bits.
struct CutOff {
    std::int64_t kept;
    int exponent;
    u64 rest;  ///< below 2^32
};

inline CutOff cut_off(const Format& f, const Dyadic& value) {
    const int m = static_cast<int>(f.fraction_bits);
    Dyadic v = jammed(value, exponent_of(value) - 30);  // 31 significant bits
    const bool subnormal = exponent_of(v) < min_exponent(f);
    const int exponent = subnormal ? min_exponent(f) : exponent_of(v);
    v = jammed(v, exponent - 30);
    const int drop = exponent - m - v.exponent;
    if (drop <= 0) {
        return {static_cast<std::int64_t>(v.magnitude << -drop), exponent, 0};
    }
    const u128 unit = u128{1} << drop;
    return {static_cast<std::int64_t>(v.magnitude / unit), exponent,
            static_cast<u64>((v.magnitude % unit << 32) / unit)};
}

/// The number of the format for an exact value and a random word; a zero keeps its sign.
inline u32 round_randomly(const Format& f, const Dyadic& v, u32 word) {
    if (v.magnitude == 0) {
        return with_sign(v.negative, 0);
    }
    const CutOff c = cut_off(f, v);
    const std::int64_t kept = c.kept + (word < c.rest ? 1 : 0);
    if (c.exponent > max_exponent(f) || (c.exponent == max_exponent(f) && kept > max_significand(f))) {
        return overflowed(f, v.negative);
    }
    if (f.subnormals == Subnormals::flush && kept < (std::int64_t{1} << f.fraction_bits)) {
        return with_sign(v.negative, 0);
    }
    return compose(f, v.negative, kept, c.exponent);
}

/// binary32 bits to the format.
inline u32 random_convert(const Format& f, u32 bits, u32 word) {
    if (is_nan(bits) || is_inf(bits)) {
        return exact_convert(f, Rounding::rne, bits);
    }
    return round_randomly(f, dyadic(bits), word);
}

/// The sum of two finite nonzero numbers as the pipeline keeps it: the one of the smaller exponent is jammed at 29
/// places below the larger exponent.
inline Dyadic kept_sum(const Dyadic& a, const Dyadic& b) {
    const int last = std::max(exponent_of(a), exponent_of(b)) - 29;
    return exponent_of(a) < exponent_of(b) ? exact_sum(jammed(a, last), b) : exact_sum(a, jammed(b, last));
}

/// a + b; operands are numbers of the format. An exact zero is +0 unless both are negative.
inline u32 random_add(const Format& f, u32 a, u32 b, u32 word) {
    if (is_nan(a) || is_nan(b) || is_inf(a) || is_inf(b) || is_zero(a) || is_zero(b)) {
        return exact_add(f, Rounding::rne, a, b);  // nothing is rounded
    }
    const Dyadic sum = kept_sum(dyadic(a), dyadic(b));
    return sum.magnitude == 0 ? exact_add(f, Rounding::rne, a, b) : round_randomly(f, sum, word);
}

/// a * b; operands are numbers of the format.
inline u32 random_mul(const Format& f, u32 a, u32 b, u32 word) {
    if (is_nan(a) || is_nan(b) || is_inf(a) || is_inf(b) || is_zero(a) || is_zero(b)) {
        return exact_mul(f, Rounding::rne, a, b);  // nothing is rounded
    }
    const Dyadic x = dyadic(a);
    const Dyadic y = dyadic(b);
    return round_randomly(f, {x.negative != y.negative, x.magnitude * y.magnitude, x.exponent + y.exponent}, word);
}

/// Which of a place's four words an operation takes.
enum class Word : unsigned { product = 0, term = 1, sum = 2, join = 3 };

/// Where operations stand: in which node (by its place in topological order), sample and step.
struct Where {
    u64 seed = 0;
    u32 sample = 0;
    u32 step = 0;
    u32 node = 0;
    bool drawn = true;  ///< else every word is 0, for units that look at none

    u32 word(u32 output, u32 operand, Word which) const {
        if (!drawn) {
            return 0;
        }
        const PhiloxBlock counter{
            {output, operand + (node % 256) * (1u << 24), sample, step + (node / 256 + 128) * (1u << 24)}};
        return philox<u32>(counter, seed).word[static_cast<unsigned>(which)];
    }
};

}  // namespace axfire::oracle
