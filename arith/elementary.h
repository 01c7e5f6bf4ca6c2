// SPDX-License-Identifier: Apache-2.0
// Exponential, logarithm, power, logistic function and hyperbolic tangent in binary32, with the same bits everywhere.
//
// Made of integer operations and of correctly rounded +, -, *, / only, so that every device and every number of lanes
// gives the same result. Nothing may contract a * b + c (device code: -fmad=false) or flush subnormals. Errors and
// edges are in docs/arithmetic.md, "Elementary functions".
#pragma once

#include "arith/elementary_constants.h"
#include "arith/pack.h"

namespace axfire {
namespace elementary {

/// The unevaluated sum hi + lo of two binary32 numbers, lo at most about an ulp of hi.
template <class F>
struct Twofold {
    F hi;
    F lo;
};

/// a + b without error, for |a| >= |b| or a = 0.
template <class A, class F>
AXFIRE_FN Twofold<F> ordered_sum(const A& a, const F& b) {
    const F hi = a + b;
    return {hi, b - (hi - a)};
}

/// x's leading 12 bits; those of two numbers multiply without error, and what is left of x has 12 bits, too.
template <class U>
AXFIRE_FN FloatOf<U> upper_half(const FloatOf<U>& x) {
    return as_float(as_bits<U>(x) & 0xfffff000u);
}

/// a * b without error, where neither overflow nor underflow is near.
template <class U>
AXFIRE_FN Twofold<FloatOf<U>> exact_product(const FloatOf<U>& a, const FloatOf<U>& b) {
    const FloatOf<U> hi = a * b;
    const FloatOf<U> a1 = upper_half<U>(a), a0 = a - a1;
    const FloatOf<U> b1 = upper_half<U>(b), b0 = b - b1;
    return {hi, ((a1 * b1 - hi) + a1 * b0 + a0 * b1) + a0 * b0};
}

/// 2^n for the lanes' n in -126 .. 127, modulo 2^32.
template <class U>
AXFIRE_FN FloatOf<U> power_of_two(const U& n) {
    return as_float((n + 127u) << 23);
}

/// 128: e^128 overflows, e^-128 is below half the smallest number.
inline constexpr u32 kExpRangeBits = 0x43000000u;

/// (hi + lo) scale1 scale2; lo is below hi/8, the scales are powers of two, two of them since one may not reach.
template <class F>
struct Exponential {
    F hi;
    F lo;
    F scale1;
    F scale2;
    AXFIRE_FN F scaled(const F& part) const { return part * scale1 * scale2; }
};

/// e^(x + x_low): |x_low| is at most about an ulp of x, and zero where |x| >= 128. No NaN comes out.
///
/// n = x/ln(2) to the nearest integer, r = x + x_low - n ln(2); e^x = 2^n e^r, e^r by a polynomial. Both r and 1 + r
/// keep what their rounding loses, so that hi + lo is nearly the only rounding that counts.
template <class U>
AXFIRE_FN Exponential<FloatOf<U>> exponential(const U& x, const FloatOf<U>& x_low) {
    using F = FloatOf<U>;
    constexpr float kToInteger = 0x1.8p23f;  // at this size the last place is 1
    constexpr u32 kToIntegerBits = 0x4b400000u;
    const U in_range = lt(magnitude(x), splat<U>(kExpRangeBits));
    const F clamped = as_float(select(in_range, x, (x & kSignBit) | kExpRangeBits));

    const F shifted = clamped * kLog2E + kToInteger;
    const F integer = shifted - kToInteger;
    const U n = as_bits<U>(shifted) - kToIntegerBits;  // in -185 .. 185
    const F r1 = clamped - integer * kLn2High;         // exact
    const F r0 = x_low - integer * kLn2Low;
    const Twofold<F> r = ordered_sum(r1, r0);
    const Twofold<F> s = ordered_sum(1.0f, r.hi);
    const F tail = r.hi * r.hi * ((((kExp4 * r.hi + kExp3) * r.hi + kExp2) * r.hi + kExp1) * r.hi + kExp0);
    const U n1 = ((n + 256u) >> 1) - 128u;
    return {s.hi, tail + (s.lo + s.hi * r.lo), power_of_two(n1), power_of_two(n - n1)};
}

/// e^(x + x_low), rounded; once more where it is subnormal.
template <class U>
AXFIRE_FN U exp_of_sum(const U& x, const FloatOf<U>& x_low) {
    const Exponential<FloatOf<U>> e = exponential(x, x_low);
    return select(is_nan(x), splat<U>(kCanonicalNan), as_bits<U>(e.scaled(e.hi + e.lo)));
}

/// log(x) to about 36 bits. Where it is no finite number hi says so: -infinity for a zero, NaN for negative numbers.
///
/// x = 2^k m, sqrt(1/2) <= m < sqrt(2); s = (m-1)/(m+1), z = s^2; log(m) = 2 artanh(s) = 2s + s z w, w = 2/3 + ...
/// Each factor v is v1 + v0, v1 its upper half: products of two upper halves are exact.
template <class U>
AXFIRE_FN Twofold<FloatOf<U>> log_twofold(const U& x) {
    using F = FloatOf<U>;
    constexpr u32 kSqrtHalfBits = 0x3f3504f3u;
    const U subnormal = lt(x, splat<U>(0x800000u));
    const U normal = select(subnormal, as_bits<U>(as_float(x) * 0x1p23f), x);
    const U shifted = normal - kSqrtHalfBits + (256u << 23);  // k + 256 above the fraction
    const F k = to_float((shifted >> 23) - (subnormal & 23u)) - 256.0f;
    const F m = as_float((shifted & 0x7fffffu) + kSqrtHalfBits);

    const F numerator = m - 1.0f;  // exact
    const F reciprocal = 1.0f / (m + 1.0f);
    const F d1 = upper_half<U>(m + 1.0f), d0 = m - (d1 - 1.0f);  // m + 1
    const F s1 = upper_half<U>(numerator * reciprocal);
    const F s0 = ((numerator - s1 * d1) - s1 * d0) * reciprocal;
    const F s = s1 + s0;

    const F z_rest = s0 * (s1 + s);
    const F z = s1 * s1 + z_rest;
    const F z1 = upper_half<U>(z), z0 = (s1 * s1 - z1) + z_rest;
    const F w0 = ((kLog2 * z + kLog1) * z + kLog0) * z + kTwoThirdsLow;
    const F zw_rest = z0 * kTwoThirdsHigh + z * w0;
    const F zw = z1 * kTwoThirdsHigh + zw_rest;
    const F zw1 = upper_half<U>(zw), zw0 = (z1 * kTwoThirdsHigh - zw1) + zw_rest;

    const Twofold<F> first = ordered_sum<F, F>(k * kLn2High, 2.0f * s1);
    const Twofold<F> second = ordered_sum<F, F>(first.hi, s1 * zw1);
    const F rest = k * kLn2Low + (2.0f * s0 + (s1 * zw0 + s0 * zw));
    const Twofold<F> log = ordered_sum<F, F>(second.hi, second.lo + (first.lo + rest));

    const U domain_error = lt(splat<U>(kInfinityBits), x) & ~is_zero(x);  // a NaN or a negative number
    U hi = as_bits<U>(log.hi);
    hi = select(eq(x, splat<U>(kInfinityBits)), splat<U>(kInfinityBits), hi);
    hi = select(is_zero(x), splat<U>(kInfinityBits | kSignBit), hi);
    hi = select(domain_error, splat<U>(kCanonicalNan), hi);
    return {as_float(hi), log.lo};
}

}  // namespace elementary

/// e^x.
template <class U>
AXFIRE_FN U fp_exp(const U& x) {
    return elementary::exp_of_sum(x, FloatOf<U>{});
}

/// Natural logarithm of x >= 0.
template <class U>
AXFIRE_FN U fp_log(const U& x) {
    return as_bits<U>(elementary::log_twofold(x).hi);
}

/// x^y for x >= 0, as exp(y log(x)): the powr of IEEE 754-2019.
template <class U>
AXFIRE_FN U fp_pow(const U& x, const U& y) {
    using namespace elementary;
    using F = FloatOf<U>;
    const Twofold<F> log = log_twofold(x);
    const Twofold<F> p = exact_product<U>(log.hi, as_float(y));
    const F low = p.lo + log.lo * as_float(y);
    const U hi = as_bits<U>(p.hi);
    const U in_range = lt(magnitude(hi), splat<U>(kExpRangeBits));
    return exp_of_sum(hi, as_float(as_bits<U>(low) & in_range));
}

/// The logistic function 1 / (1 + e^-x).
template <class U>
AXFIRE_FN U fp_sigmoid(const U& x) {
    using namespace elementary;
    using F = FloatOf<U>;
    constexpr u32 kLowBits = 0xc2800000u;      // -64: from there on it is e^x, which may be subnormal
    const U low = ~lt(x, splat<U>(kLowBits));  // x <= -64, and negative NaNs
    const Exponential<F> e = exponential(x ^ (~low & kSignBit), F{});
    const U hi = as_bits<U>(e.scaled(e.hi));
    const U one = splat<U>(kOneBits);
    const Twofold<F> sum = ordered_sum(as_float(max_lanes(hi, one)), as_float(min_lanes(hi, one)));
    const F denominator = sum.hi + (sum.lo + e.scaled(e.lo));
    const U result = select(low, as_bits<U>(e.scaled(e.hi + e.lo)), as_bits<U>(1.0f / denominator));
    return select(is_nan(x), splat<U>(kCanonicalNan), result);
}

/// Hyperbolic tangent.
template <class U>
AXFIRE_FN U fp_tanh(const U& x) {
    using namespace elementary;
    using F = FloatOf<U>;
    const F a = as_float(magnitude(x));
    const F u = a * a;
    const F below = a + a * u * ((((kTanh4 * u + kTanh3) * u + kTanh2) * u + kTanh1) * u + kTanh0);
    const F above = 1.0f - 2.0f / (1.0f + as_float(fp_exp(as_bits<U>(a + a))));
    const U in_bound = lt(magnitude(x), as_bits<U>(F{} + kTanhBound));
    const U result = select(in_bound, as_bits<U>(below), as_bits<U>(above)) | (x & kSignBit);
    return select(is_nan(x), splat<U>(kCanonicalNan), result);
}

}  // namespace axfire
