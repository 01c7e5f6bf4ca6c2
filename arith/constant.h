// SPDX-License-Identifier: Apache-2.0
// A constant that was computed in binary64, rounded once into a format.
#pragma once

#include "arith/convert.h"

namespace axfire {

/// The value of the format that x rounds to, as binary32 bits, as convert() does it for a binary32.
inline u32 convert_constant(const Format& f, Rounding r, double x) {
    const u64 bits = __builtin_bit_cast(u64, x);
    const u32 sign = static_cast<u32>(bits >> 63) << 31;
    const u32 field = static_cast<u32>(bits >> 52) & 0x7ffu;
    const u64 fraction = bits & 0xfffffffffffffu;
    if (field == 0x7ff) {
        return convert<u32>(f, r, fraction != 0 ? kCanonicalNan : sign | kInfinityBits);
    }
    // Binary64's bias is 1023; below 2^-400 only the sticky bit matters, so such numbers may share an exponent.
    const u32 exponent = field + kExponentOffset + 127 < 1023 + 10 ? 10 : field + kExponentOffset + 127 - 1023;
    const u64 significand = fraction | u64{1} << 52;
    const u32 kept = static_cast<u32>(significand >> 22) | ((significand & 0x3fffffu) != 0 ? 1u : 0u);
    return round_pack<u32>(f, r, sign, exponent, bits << 1 == 0 ? 0 : kept);
}

}  // namespace axfire
