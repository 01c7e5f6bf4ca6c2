// SPDX-License-Identifier: Apache-2.0
// binary32 to any format, correctly rounded.
#pragma once

#include "arith/pack.h"

namespace axfire {

/// The value of the format that x (binary32 bits) rounds to, as binary32 bits. NaN becomes the canonical NaN; an
/// infinity stays one where the format has it and overflow is not saturating. `random`: the word of a stochastic
/// rounding.
template <class U>
AXFIRE_FN U convert(const Format& f, Rounding r, const U& x, const U& random = U{}) {
    const U sign = x & kSignBit;
    const U infinite = overflow_result(f, Rounding::rne, sign);
    U finite;
    if (f.exponent_bits == 8) {
        // The exponent field is binary32's: rounding is an integer rounding of the bit pattern, subnormals included.
        const u32 drop = 23 - f.fraction_bits;
        const U mag = drop == 0 ? magnitude(x) : round_off(r, magnitude(x), drop, sign, random) << drop;
        const U flushed = f.subnormals == Subnormals::flush ? mag & ~lt(mag, splat<U>(f.min_field() << 23)) : mag;
        finite = select(lt(splat<U>(f.max_bits()), mag), overflow_result(f, r, sign), sign | flushed);
    } else {
        const Unpacked<U> u = unpack(kFp32, x);
        finite = round_pack(f, r, u.sign, u.exponent, u.significand << 7, false, random);
    }
    return select(is_nan(x), splat<U>(kCanonicalNan), select(is_infinite(x), infinite, finite));
}

/// True where `round_nearest` serves.
AXFIRE_FN constexpr bool rounds_nearest(const Format& f, Rounding r) {
    return r == Rounding::rne && f.subnormals == Subnormals::gradual && f.overflow == Overflow::infinity &&
           f.fraction_bits < 23 && !(f.finite && f.exponent_bits == 8);
}

/// `convert` to the nearest in few instructions. A NaN stays one, of the processor's payload or its own; it must be the
/// canonical one or the processor's.
template <class U>
AXFIRE_FN U round_nearest(const Format& f, const U& x) {
    const u32 drop = 23 - f.fraction_bits;
    if (f.exponent_bits == 8) {  // overflow reaches infinity's pattern by itself
#if defined(__CUDACC__)          // a device's NaN, 0x7fffffff, would carry into the sign
        if (is_nan(x)) {
            return splat<U>(kCanonicalNan);
        }
#endif
        return (x + ((1u << (drop - 1)) - 1) + ((x >> drop) & 1u)) & ~((1u << drop) - 1);
    }
    if constexpr (kHasBinary16<U>) {
        if (f == kFp16) {
            return through_binary16(x);
        }
    }
    // Added to 1.5 * 2^e with a last place as wide as the result's, x loses the bits below it by the addition's own
    // rounding. Of what overflows only that it does counts.
    const U field =
        min_lanes(max_lanes(x & kInfinityBits, splat<U>(f.min_field() << 23)), splat<U>(f.max_field() << 23));
    const U widener = field + ((drop << 23) | 0x400000u);
    const U r = as_bits<U>((as_float(x) + as_float(widener)) - as_float(widener)) | (x & kSignBit);
    const U overflow = f.finite ? splat<U>(kCanonicalNan) : (x & kSignBit) | kInfinityBits;
    return select(lt(splat<U>(f.max_bits()), magnitude(r)) & ~is_nan(r), overflow, r);
}

}  // namespace axfire
