// SPDX-License-Identifier: Apache-2.0
// Formats and their numbers as plain integers: ranges, unpacking, packing. Everything here works on signed exponents
// and on values (ldexp), never on shifted fields.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "arith/format.h"

namespace axfire::oracle {

inline constexpr u32 kCanonicalNan = 0x7fc00000;
inline constexpr u32 kInfinity = 0x7f800000;
inline constexpr u32 kSignBit = 0x80000000;

inline float to_float(u32 bits) {
    return std::bit_cast<float>(bits);
}
inline u32 to_bits(float value) {
    return std::bit_cast<u32>(value);
}

inline bool is_nan(u32 bits) {
    return (bits & 0x7fffffff) > kInfinity;
}
inline bool is_inf(u32 bits) {
    return (bits & 0x7fffffff) == kInfinity;
}
inline bool is_zero(u32 bits) {
    return (bits & 0x7fffffff) == 0;
}
inline bool is_negative(u32 bits) {
    return (bits & kSignBit) != 0;
}
inline u32 with_sign(bool negative, u32 magnitude) {
    return magnitude | (negative ? kSignBit : 0);
}

/// Exponent of the smallest normal number, 2^emin.
inline int min_exponent(const Format& f) {
    return 2 - (1 << (f.exponent_bits - 1));
}

/// Exponent of the largest finite number.
inline int max_exponent(const Format& f) {
    return (1 << (f.exponent_bits - 1)) - 1 + (f.finite ? 1 : 0);
}

/// Significand of the largest finite number, an integer of M+1 bits. With `finite` the last code is the NaN.
inline std::int64_t max_significand(const Format& f) {
    return (std::int64_t{2} << f.fraction_bits) - (f.finite ? 2 : 1);
}

/// +-significand * 2^(exponent - M) as binary32 bits; the value must be one of the format.
inline u32 compose(const Format& f, bool negative, std::int64_t significand, int exponent) {
    const double value = std::ldexp(static_cast<double>(significand), exponent - static_cast<int>(f.fraction_bits));
    return with_sign(negative, to_bits(static_cast<float>(value)));
}

inline u32 max_finite(const Format& f, bool negative) {
    return compose(f, negative, max_significand(f), max_exponent(f));
}

/// What a format puts in place of a number too large, where the rounding mode does not say the largest finite one.
inline u32 overflowed(const Format& f, bool negative) {
    if (f.overflow == Overflow::saturate) {
        return max_finite(f, negative);
    }
    return f.finite ? kCanonicalNan : with_sign(negative, kInfinity);
}

/// A finite nonzero number as (-1)^negative * significand * 2^(exponent - M), 2^M <= significand < 2^(M+1), also where
/// the format holds it as a subnormal. A zero has significand 0 and the exponent below the smallest normal's.
struct Number {
    bool negative;
    int exponent;
    std::int64_t significand;
};

inline Number unpack(const Format& f, u32 bits) {
    const bool negative = is_negative(bits);
    if (is_zero(bits)) {
        return {negative, min_exponent(f) - 1, 0};
    }
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(static_cast<double>(to_float(bits))), &exponent);  // [0.5, 1)
    const double significand = std::ldexp(fraction, static_cast<int>(f.fraction_bits) + 1);
    return {negative, exponent - 1, static_cast<std::int64_t>(significand)};
}

/// The number of a code of E+M+1 bits, as binary32 bits; NaN codes give the canonical NaN.
inline u32 number_of_code(const Format& f, u32 code) {
    const u32 fraction = code % (1u << f.fraction_bits);
    const u32 field = (code >> f.fraction_bits) % (1u << f.exponent_bits);
    const bool negative = (code >> (f.fraction_bits + f.exponent_bits)) % 2 != 0;
    const u32 last_field = (1u << f.exponent_bits) - 1;
    if (field == last_field && f.finite && fraction == (1u << f.fraction_bits) - 1) {
        return kCanonicalNan;
    }
    if (field == last_field && !f.finite) {
        return fraction == 0 ? with_sign(negative, kInfinity) : kCanonicalNan;
    }
    if (field == 0) {
        return compose(f, negative, fraction, min_exponent(f));
    }
    const std::int64_t significand = (std::int64_t{1} << f.fraction_bits) + fraction;
    return compose(f, negative, significand, min_exponent(f) + static_cast<int>(field) - 1);
}

}  // namespace axfire::oracle
