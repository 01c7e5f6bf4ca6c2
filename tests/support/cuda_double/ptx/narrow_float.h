// SPDX-License-Identifier: Apache-2.0
// binary16 and bfloat16 to and from binary64.
#pragma once

#include <algorithm>
#include <cmath>

#include "tests/support/cuda_double/ptx/type.h"

namespace axfire::cuda_double {

struct NarrowFormat {
    int exponent_bits;
    int fraction_bits;
};

inline constexpr NarrowFormat kBinary16{5, 10};
inline constexpr NarrowFormat kBfloat16{8, 7};

enum class NarrowRounding : u8 { nearest, zero, down, up };

inline double from_narrow(u16 bits, NarrowFormat f) {
    const int bias = (1 << (f.exponent_bits - 1)) - 1;
    const int exponent = bits >> f.fraction_bits & ((1 << f.exponent_bits) - 1);
    const int fraction = bits & ((1 << f.fraction_bits) - 1);
    const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
    if (exponent == (1 << f.exponent_bits) - 1) {
        return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
    }
    return exponent == 0 ? sign * std::ldexp(fraction, 1 - bias - f.fraction_bits)
                         : sign * std::ldexp(fraction + (1 << f.fraction_bits), exponent - bias - f.fraction_bits);
}

/// Rounded once, whatever the host's mode; every NaN becomes 0x7fff.
inline u16 to_narrow(double x, NarrowFormat f, NarrowRounding mode) {
    if (x != x) {
        return 0x7fff;
    }
    const int bias = (1 << (f.exponent_bits - 1)) - 1;
    const bool negative = std::signbit(x);
    const u16 sign = negative ? 0x8000 : 0;
    const u32 infinity = ((1u << f.exponent_bits) - 1) << f.fraction_bits;
    const double magnitude = std::fabs(x);
    if (std::isinf(x)) {
        return static_cast<u16>(sign | infinity);
    }
    // In units of the last place: of a subnormal number, or of the number's own exponent.
    const int exponent = magnitude == 0 ? 1 - bias : std::max(std::ilogb(magnitude), 1 - bias);
    if (exponent > bias + 1) {
        const bool is_infinite =
            mode == NarrowRounding::nearest || mode == (negative ? NarrowRounding::down : NarrowRounding::up);
        return static_cast<u16>(sign | (is_infinite ? infinity : infinity - 1));
    }
    const double units = std::ldexp(magnitude, f.fraction_bits - exponent);
    const double whole = std::floor(units);
    const double rest = units - whole;
    const bool is_odd = std::fmod(whole, 2.0) != 0;
    const bool away = mode == (negative ? NarrowRounding::down : NarrowRounding::up);
    const bool up = mode == NarrowRounding::nearest ? rest > 0.5 || (rest == 0.5 && is_odd) : away && rest > 0;
    const u32 significand = static_cast<u32>(whole) + (up ? 1 : 0);
    u32 bits = (static_cast<u32>(exponent + bias - 1) << f.fraction_bits) + significand;
    if (bits >= infinity) {
        bits = mode == NarrowRounding::nearest || away ? infinity : infinity - 1;
    }
    return static_cast<u16>(sign | bits);
}

}  // namespace axfire::cuda_double
