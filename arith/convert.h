// SPDX-License-Identifier: Apache-2.0
// binary32 to any format, correctly rounded.
#pragma once

#include "arith/pack.h"

namespace axfire {

/// The value of the format that x (binary32 bits) rounds to, as binary32 bits. NaN becomes the canonical NaN; an
/// infinity stays one where the format has it and overflow is not saturating.
template <class U>
AXFIRE_FN U convert(const Format& f, Rounding r, const U& x) {
    const Unpacked<U> u = unpack(kFp32, x);
    const U finite = round_pack(f, r, u.sign, u.exponent, u.significand << 7);
    const U infinite = overflow_result(f, Rounding::rne, u.sign);
    return select(is_nan(x), splat<U>(kCanonicalNan), select(is_infinite(x), infinite, finite));
}

/// True if every value of `inner` is one of `outer`, so that converting does nothing.
constexpr bool contains(const Format& outer, const Format& inner) {
    if (outer == inner) {
        return true;
    }
    const bool specials = !outer.finite && outer.overflow == Overflow::infinity;
    return specials && outer.exponent_bits >= inner.exponent_bits && outer.fraction_bits >= inner.fraction_bits &&
           outer.max_bits() >= inner.max_bits() &&
           (outer.subnormals == Subnormals::gradual || outer.min_field() + inner.fraction_bits <= inner.min_field() ||
            (inner.subnormals == Subnormals::flush && outer.min_field() <= inner.min_field()));
}

}  // namespace axfire
