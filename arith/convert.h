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

}  // namespace axfire
