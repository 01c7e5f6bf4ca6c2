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

template <class U>
AXFIRE_FN Twofold<FloatOf<U>> product(const Twofold<FloatOf<U>>& a, const Twofold<FloatOf<U>>& b) {
    const Twofold<FloatOf<U>> p = exact_product<U>(a.hi, b.hi);
    return ordered_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

/// 2^n for the lanes' n in -126 .. 127, modulo 2^32.
template <class U>
AXFIRE_FN FloatOf<U> power_of_two(const U& n) {
    return as_float((n + 127u) << 23);
}

/// 128: e^128 overflows, e^-128 is below half the smallest number.
inline constexpr u32 kExpRangeBits = 0x43000000u;

/// e^(x + x_low): |x_low| is at most about an ulp of x, and zero where |x| >= 128.
///
/// n = x/ln(2) to the nearest integer, r = x + x_low - n ln(2); e^x = 2^n e^r, e^r by a polynomial. Both r and 1 + r
/// keep what their rounding loses, so that the last sum is the only one whose rounding counts.
template <class U>
AXFIRE_FN U exp_of_sum(const U& x, const FloatOf<U>& x_low) {
    using F = FloatOf<U>;
    constexpr float kToInteger = 0x1.8p23f;  // at this size the last place is 1
    constexpr u32 kToIntegerBits = 0x4b400000u;
    const U in_range = lt(magnitude(x), splat<U>(kExpRangeBits));
    const F clamped = as_float(select(in_range, x, (x & kSignBit) | kExpRangeBits));

    const F shifted = clamped * kLog2E + kToInteger;
    const F integer = shifted - kToInteger;
    const U n = as_bits<U>(shifted) - kToIntegerBits;
    const Twofold<F> r = ordered_sum<F, F>(clamped - integer * kLn2High, x_low - integer * kLn2Low);  // the first exact
    const Twofold<F> s = ordered_sum(1.0f, r.hi);
    const F tail = r.hi * r.hi * ((((kExp4 * r.hi + kExp3) * r.hi + kExp2) * r.hi + kExp1) * r.hi + kExp0);
    const F e_r = s.hi + (tail + (s.lo + s.hi * r.lo));

    // 2^n in two factors, since n is in -185 .. 185; the second one rounds a subnormal result.
    const U n1 = ((n + 256u) >> 1) - 128u;
    const U result = as_bits<U>(e_r * power_of_two<U>(n1) * power_of_two<U>(n - n1));
    return select(is_nan(x), splat<U>(kCanonicalNan), result);
}

/// log(x) to about 36 bits. Where it is no finite number hi says so: -infinity for a zero, NaN for negative numbers.
///
/// x = 2^k m, sqrt(1/2) <= m < sqrt(2); s = (m-1)/(m+1), z = s^2; log(m) = 2 artanh(s) = 2s + s z (2/3 + ...).
template <class U>
AXFIRE_FN Twofold<FloatOf<U>> log_twofold(const U& x) {
    using F = FloatOf<U>;
    constexpr u32 kSqrtHalfBits = 0x3f3504f3u;
    const U subnormal = lt(x, splat<U>(0x800000u));
    const U normal = select(subnormal, as_bits<U>(as_float(x) * 0x1p23f), x);
    const U shifted = normal - kSqrtHalfBits + (256u << 23);  // k + 256 above the fraction
    const F k = to_float((shifted >> 23) - (subnormal & 23u)) - 256.0f;
    const F m = as_float((shifted & 0x7fffffu) + kSqrtHalfBits);

    // m + 1 = d1 + d0 and m - 1 without error; the quotient's upper half, then what is left divided likewise.
    const F d = m + 1.0f;
    const F reciprocal = 1.0f / d;
    const F numerator = m - 1.0f;
    const F d1 = upper_half<U>(d), d0 = m - (d1 - 1.0f);
    const F s1 = upper_half<U>(numerator * reciprocal);
    const F s0 = ((numerator - s1 * d1) - s1 * d0) * reciprocal;
    const Twofold<F> s = ordered_sum(s1, s0);

    const Twofold<F> z = product<U>(s, s);
    Twofold<F> w = ordered_sum(kTwoThirdsHigh, z.hi * ((kLog2 * z.hi + kLog1) * z.hi + kLog0));
    w.lo += kTwoThirdsLow;
    const Twofold<F> tail = product<U>(product<U>(s, z), w);

    const Twofold<F> sum = ordered_sum<F, F>(k * kLn2High, 2.0f * s.hi);
    const Twofold<F> log = ordered_sum(sum.hi, tail.hi);
    const F low = log.lo + (sum.lo + (k * kLn2Low + (2.0f * s.lo + tail.lo)));
    const Twofold<F> whole = ordered_sum(log.hi, low);

    const U domain_error = lt(splat<U>(kInfinityBits), x) & ~is_zero(x);  // a NaN or a negative number
    U hi = as_bits<U>(whole.hi);
    hi = select(eq(x, splat<U>(kInfinityBits)), splat<U>(kInfinityBits), hi);
    hi = select(is_zero(x), splat<U>(kInfinityBits | kSignBit), hi);
    hi = select(domain_error, splat<U>(kCanonicalNan), hi);
    return {as_float(hi), whole.lo};
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
    constexpr u32 kLowBits = 0xc2800000u;  // -64: from there on 1 + e^-x = e^-x, which overflows before e^x underflows
    const U low = ~lt(x, splat<U>(kLowBits));  // x <= -64, and negative NaNs
    const U e = fp_exp(x ^ (~low & kSignBit));
    const U logistic = as_bits<U>(1.0f / (1.0f + as_float(e)));
    return select(low | is_nan(x), e, logistic);
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
    const U in_bound = lt(magnitude(x), splat<U>(as_bits<u32>(kTanhBound)));
    const U result = select(in_bound, as_bits<U>(below), as_bits<U>(above)) | (x & kSignBit);
    return select(is_nan(x), splat<U>(kCanonicalNan), result);
}

}  // namespace axfire
