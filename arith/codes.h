// SPDX-License-Identifier: Apache-2.0
// The bit patterns in which hardware stores a format: sign, E exponent bits, M fraction bits.
#pragma once

#include "arith/pack.h"

namespace axfire {

/// The code of a value of the format (binary32 bits). Every NaN gives the quiet one with a clear sign.
constexpr u32 encode(const Format& f, u32 bits) {
    const u32 m = f.fraction_bits;
    const u32 top = ((1u << f.exponent_bits) - 1) << m;  // exponent all ones
    const u32 sign = (bits >> 31) << (f.exponent_bits + m);
    const u32 mag = bits & ~kSignBit;
    if (mag > kInfinityBits) {
        return f.finite ? top | ((1u << m) - 1) : top | (1u << (m - 1));
    }
    if (mag == kInfinityBits) {
        return sign | top;
    }
    if (mag < f.min_field() << 23) {  // subnormal: an integer multiple of the smallest one
        if (f.exponent_bits == 8) {
            return sign | (mag >> (23 - m));
        }
        const u32 shift = f.min_field() - (mag >> 23);
        const u32 significand = mag == 0 || shift > m ? 0 : ((mag & 0x7fffffu) | 0x800000u) >> (23 - m) >> shift;
        return sign | significand;
    }
    return sign | ((mag - ((f.min_field() - 1) << 23)) >> (23 - m));
}

/// The value of a code, as binary32 bits; a NaN code gives the canonical NaN.
constexpr u32 decode(const Format& f, u32 code) {
    const u32 m = f.fraction_bits;
    const u32 top = ((1u << f.exponent_bits) - 1) << m;
    const u32 sign = (code >> (f.exponent_bits + m)) << 31;
    const u32 mag = code & ((1u << (f.exponent_bits + m)) - 1);
    if (f.finite ? mag == (top | ((1u << m) - 1)) : mag > top) {
        return kCanonicalNan;
    }
    if (!f.finite && mag == top) {
        return sign | kInfinityBits;
    }
    if (mag >> m == 0 && f.exponent_bits < 8) {
        u32 significand = mag;
        u32 field = f.min_field();
        while (significand != 0 && significand >> m == 0) {
            significand <<= 1;
            --field;
        }
        return sign | (significand == 0 ? 0 : ((field - 1) << 23) + (significand << (23 - m)));
    }
    return sign | ((mag << (23 - m)) + (mag >> m == 0 ? 0 : (f.min_field() - 1) << 23));
}

}  // namespace axfire
