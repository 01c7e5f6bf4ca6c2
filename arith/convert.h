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

}  // namespace axfire
