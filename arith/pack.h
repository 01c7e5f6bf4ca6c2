// SPDX-License-Identifier: Apache-2.0
// Taking numbers apart into sign, exponent and significand, and rounding the parts back into a format.
#pragma once

#include "arith/format.h"

namespace axfire {

inline constexpr u32 kSignBit = 0x80000000u;
inline constexpr u32 kInfinityBits = 0x7f800000u;
inline constexpr u32 kCanonicalNan = 0x7fc00000u;
inline constexpr u32 kOneBits = 0x3f800000u;

/// The pattern of a term that did not arrive. No unit gives it: every NaN of theirs is the canonical one.
inline constexpr u32 kAbsent = 0xffffffffu;

/// Exponents are binary32 exponent fields plus this, so that those of subnormals and of their products stay unsigned.
inline constexpr u32 kExponentOffset = 256;

/// Magnitude 2^(exponent - kExponentOffset - 127) * significand / 2^23.
template <class U>
struct Unpacked {
    U sign;         ///< bit 31, the others zero
    U exponent;     ///< of zero: one below the format's smallest normal one
    U significand;  ///< 24 bits, the leading one in bit 23; 0 for zero
};

template <class U>
AXFIRE_FN U magnitude(const U& x) {
    return x & ~kSignBit;
}
template <class U>
AXFIRE_FN U is_nan(const U& x) {
    return lt(splat<U>(kInfinityBits), magnitude(x));
}
template <class U>
AXFIRE_FN U is_infinite(const U& x) {
    return eq(magnitude(x), splat<U>(kInfinityBits));
}
template <class U>
AXFIRE_FN U is_zero(const U& x) {
    return eq(magnitude(x), U{});
}

/// Parts of a finite number of the format; subnormals are normalised.
template <class U>
AXFIRE_FN Unpacked<U> unpack(const Format& f, const U& x) {
    const U mag = magnitude(x);
    const U field = mag >> 23;
    const U fraction = mag & 0x7fffffu;
    U exponent = field + kExponentOffset;
    U significand = fraction | 0x800000u;
    if (f.exponent_bits == 8) {
        // A binary32 subnormal is fraction * 2^-149, and float(fraction) is exact.
        const U bits = as_bits<U>(to_float(fraction));
        const U subnormal = eq(field, U{});
        exponent = select(subnormal, (bits >> 23) + (kExponentOffset - 149u), exponent);
        significand = select(subnormal, (bits & 0x7fffffu) | 0x800000u, significand);
    }
    const U zero = eq(mag, U{});
    return {x & kSignBit, select(zero, splat<U>(f.min_field() - 1 + kExponentOffset), exponent), significand & ~zero};
}

/// x >> n, with the lowest bit set if any bit that was shifted out was.
template <class U>
AXFIRE_FN U shift_right_sticky(const U& x, const U& n) {
    const U s = shift_right(x, n);
    return s | (~eq(shift_left(s, n), x) & 1u);
}

/// What an overflowing result becomes: infinity, the largest finite value, or NaN in a format without infinity.
template <class U>
AXFIRE_FN U overflow_result(const Format& f, Rounding r, const U& sign) {
    const U largest = sign | f.max_bits();
    if (f.overflow == Overflow::saturate || r == Rounding::rz || r == Rounding::odd) {
        return largest;
    }
    const U infinite = f.finite ? splat<U>(kCanonicalNan) : sign | kInfinityBits;
    if (r == Rounding::ru) {
        return select(eq(sign, U{}), infinite, largest);
    }
    if (r == Rounding::rd) {
        return select(eq(sign, U{}), largest, infinite);
    }
    return infinite;
}

/// x >> drop, rounded by what is cut off (1 <= drop <= 30).
template <class U>
AXFIRE_FN U round_off(Rounding r, const U& x, u32 drop, const U& sign, const U& random) {
    const u32 unit = 1u << drop;
    const U rest = x & (unit - 1);
    const U kept = x >> drop;
    switch (r) {
        case Rounding::rne:
            return kept + (lt(splat<U>(unit / 2), rest + (kept & 1u)) & 1u);
        case Rounding::rna:
            return kept + (~lt(rest, splat<U>(unit / 2)) & 1u);
        case Rounding::ru:
            return kept + (~eq(rest, U{}) & eq(sign, U{}) & 1u);
        case Rounding::rd:
            return kept + (~eq(rest, U{}) & ~eq(sign, U{}) & 1u);
        case Rounding::odd:
            return kept | (~eq(rest, U{}) & 1u);
        case Rounding::sr:  // up where random / 2^32 is below what is cut off, in units of the last place
            return kept + (lt(random >> (32 - drop), rest) & 1u);
        case Rounding::rz:
            break;
    }
    return kept;
}

/// Rounds sign, 2^(exponent - kExponentOffset - 127) * significand / 2^30 into the format. The significand has its
/// leading one in bit 30 (or is 0) and may hold a sticky bit in bit 0. `truncated_overflow`: an approximate result is
/// truncated but overflows to infinity all the same. `random`: the word of a stochastic rounding.
template <class U>
AXFIRE_FN U round_pack(const Format& f, Rounding r, const U& sign, const U& exponent, const U& significand,
                       bool truncated_overflow = false, const U& random = U{}) {
    const u32 m = f.fraction_bits;
    const u32 drop = 30 - m;
    const U min_exponent = splat<U>(f.min_field() + kExponentOffset);
    const U below = lt(exponent, min_exponent);
    const U s = shift_right_sticky(significand, (min_exponent - exponent) & below);

    const U kept = round_off(r, s, drop, sign, random);

    // kept <= 2^(m+1), in units of the last place of exponent field `field`.
    const U field = min_lanes(select(below, min_exponent, exponent) - kExponentOffset, splat<U>(255));
    U mag;
    if (f.exponent_bits == 8) {
        mag = ((field - 1u) << 23) + (kept << (23 - m));  // the hidden bit, where there is one, raises the field
    } else {
        mag = as_bits<U>(to_float(kept)) + ((field - (127 + m)) << 23);
    }
    mag &= ~eq(kept, U{});
    if (f.subnormals == Subnormals::flush) {
        mag &= ~lt(mag, splat<U>(f.min_field() << 23));
    }
    const U overflow = lt(splat<U>(f.max_bits()), mag);
    return select(overflow, overflow_result(f, truncated_overflow ? Rounding::rne : r, sign), sign | mag);
}

}  // namespace axfire
