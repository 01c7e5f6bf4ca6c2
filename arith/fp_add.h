// SPDX-License-Identifier: Apache-2.0
// The FP adder: an exact or approximate significand adder in its floating-point pipeline.
#pragma once

#include "arith/convert.h"
#include "arith/spec.h"

namespace axfire {

/// The correctly rounded sum of two finite numbers.
template <class U>
AXFIRE_FN U exact_sum(const AdderSpec& s, const Unpacked<U>& x, const Unpacked<U>& y, const U& random) {
    const U swap = lt(x.exponent, y.exponent);
    const U exponent = select(swap, y.exponent, x.exponent);
    const U distance = exponent - select(swap, x.exponent, y.exponent);
    // Six bits below the last place and one above the first; what is shifted out of b leaves a sticky bit.
    const U ma = select(swap, y.significand, x.significand) << 6;
    const U mb = shift_right_sticky(select(swap, x.significand, y.significand) << 6, distance);
    const U sign_a = select(swap, y.sign, x.sign);
    const U subtract = ~eq(x.sign ^ y.sign, U{});
    const U borrow = subtract & lt(ma, mb);
    const U sum = select(subtract, select(borrow, mb - ma, ma - mb), ma + mb);
    const U zero = eq(sum, U{});
    // x + (-x) is +0, or -0 when rounding toward -infinity; zeros of one sign keep it.
    const U zero_sign = select(subtract, splat<U>(s.rounding == Rounding::rd ? kSignBit : 0u), sign_a);
    const U sign = select(zero, zero_sign, sign_a ^ (borrow & kSignBit));
    const U lead = leading_one(sum);
    const U significand = shift_left(sum, 30u - lead) & ~zero;
    return round_pack(s.format, s.rounding, sign, exponent + lead - 29u, significand, false, random);
}

/// True where one binary32 addition and one rounding give the correctly rounded sum (24 >= 2p + 2).
AXFIRE_FN constexpr bool adds_in_binary32(const AdderSpec& s) {
    return s.format.fraction_bits <= 10 && (s.rounding == Rounding::rne || s.rounding == Rounding::rna);
}

/// The n-bit sum by the unit's circuit. A user's circuit takes magnitudes: where the signs differ the sum is exact.
template <class U>
AXFIRE_FN U circuit_add(const AdderSpec& s, const U& a, const U& b, u32 n, const U& differ) {
    if (s.unit == AdderId::model) {
        U lo, hi;
        evaluate(*s.model, select(differ, U{}, a), select(differ, U{}, b), lo, hi);
        return select(differ, a + b, lo & ((2u << s.model_use.bits) - 1));
    }
    U sum{};
#define AXFIRE_CASE(unit_name)                               \
    if (s.unit == AdderId::unit_name) {                      \
        sum = adders::unit_name::add(a, b, n, s.parameters); \
    }
    AXFIRE_ADDERS(AXFIRE_CASE)
#undef AXFIRE_CASE
    return s.exact_subtraction ? select(differ, a + b, sum) : sum;
}

/// The sum of two finite numbers by the approximate circuit; x, the accumulator, counts as larger in a tie.
template <class U>
AXFIRE_FN U circuit_sum(const AdderSpec& s, const Unpacked<U>& x, const Unpacked<U>& y, const U& random) {
    const Format& f = s.format;
    const u32 m = f.fraction_bits;
    const u32 g = s.guard;
    const u32 n = m + 3 + g;
    const u32 mask = (1u << n) - 1;
    const U swap = lt(x.exponent, y.exponent);
    const U exponent = select(swap, y.exponent, x.exponent);
    const U distance = exponent - select(swap, x.exponent, y.exponent);
    const U sign_a = select(swap, y.sign, x.sign);
    const U sign_b = select(swap, x.sign, y.sign);
    const U differ = ~eq(sign_a ^ sign_b, U{});
    U a = select(swap, y.significand, x.significand) >> (23 - m) << g;
    U b = select(swap, x.significand, y.significand) >> (23 - m) << g;
    // Where the signs differ the negative one is in two's complement.
    a = select(differ & ~eq(sign_a, U{}), U{} - a, a);
    b = select(differ & ~eq(sign_b, U{}), U{} - b, b);
    // Arithmetic shift. Without guard bits nothing of b is left at a distance of m or more; with them, the lowest is
    // sticky.
    const U fill = U{} - (b >> 31);
    const U shifted = shift_right(b ^ fill, distance) ^ fill;
    if (g == 0) {
        b = shifted & lt(distance, splat<U>(m));
    } else {
        b = shifted | (~eq(shift_left(shifted, distance), b) & 1u);
    }
    const U sum = circuit_add(s, a & mask, b & mask, n, differ) & mask;
    const U negative = U{} - (sum >> (n - 1));
    const U mag = select(negative, (U{} - sum) & mask, sum);
    const U sign = (negative & kSignBit) | (sign_a & sign_b);
    if (g != 0 || s.round_sum) {
        const U lead = leading_one(mag | eq(mag, U{}));
        const U significand = shift_left(mag, 30u - lead) & ~eq(mag, U{});
        return round_pack(f, s.round_sum ? s.rounding : Rounding::rz, sign, exponent + lead - (m + g), significand,
                          !s.round_sum, random);
    }
    // Right by one before the conversion, so that it is exact; the bit is dropped.
    const U halve = m == 23 ? ~lt(mag, splat<U>(1u << 24)) & 1u : U{};
    const U bits = as_bits<U>(to_float(mag >> halve));
    const U significand = (((bits & 0x7fffffu) | 0x800000u) << 7) & ~eq(mag, U{});
    return round_pack(f, Rounding::rz, sign, exponent + (bits >> 23) - (127 + m) + halve, significand, true);
}

/// True where `nearest_sum` serves.
AXFIRE_FN constexpr bool has_nearest_sum(const AdderSpec& s) {
    return s.unit == AdderId::exact && adds_in_binary32(s) && rounds_nearest(s.format, s.rounding);
}

/// The exact sum in few instructions; a NaN may have the processor's payload.
template <class U>
AXFIRE_FN U nearest_sum(const AdderSpec& s, const U& acc, const U& x) {
    return round_nearest(s.format, as_bits<U>(as_float(acc) + as_float(x)));
}

/// acc + x of the format (binary32 bits). `random`: the word of a stochastic rounding.
template <class U>
AXFIRE_FN U fp_add(const AdderSpec& s, const U& acc, const U& x, const U& random = U{}) {
    const Format& f = s.format;
    if (s.unit == AdderId::model &&
        s.model_use.kind == ModelKind::operation) {  // a whole operation: nothing bypasses it
        U lo, hi;
        evaluate(*s.model, acc, x, lo, hi);
        return convert(f, s.rounding, lo, random);
    }
    if (s.unit == AdderId::exact && adds_in_binary32(s)) {
        return convert(f, s.rounding, as_bits<U>(as_float(acc) + as_float(x)));
    }
    const Unpacked<U> ua = unpack(f, acc);
    const Unpacked<U> ux = unpack(f, x);
    U finite;
    if (s.unit == AdderId::exact) {
        finite = exact_sum(s, ua, ux, random);
    } else {
        finite = circuit_sum(s, ua, ux, random);
        if (s.zero_bypass) {
            finite = select(is_zero(x), acc, select(is_zero(acc), x, finite));
        }
    }
    const U inf_acc = is_infinite(acc);
    const U inf_x = is_infinite(x);
    const U nan = is_nan(acc) | is_nan(x) | (inf_acc & inf_x & ~eq(ua.sign, ux.sign));
    const U infinity = overflow_result(f, Rounding::rne, select(inf_acc, ua.sign, ux.sign));
    return select(nan, splat<U>(kCanonicalNan), select(inf_acc | inf_x, infinity, finite));
}

}  // namespace axfire
