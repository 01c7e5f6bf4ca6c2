// SPDX-License-Identifier: Apache-2.0
// Numbers for the scalar models: taken apart, put together, rounded to a format; and what a model is called with.
#pragma once

#include <cstdint>
#include <cstring>

namespace axfire::scalar {

/// A unit's format and its parameters, in the order of the catalogue.
struct Unit {
    int exponent_bits;
    int fraction_bits;
    unsigned parameter[4];
    /// A user's function, lo + hi 2^32 = f(a, b), and the bits of its operands; of a whole operation all are binary32.
    void (*function)(const std::uint32_t* a, const std::uint32_t* b, std::uint32_t* lo, std::uint32_t* hi);
    int function_bits;
};

/// One operation on one pair of numbers of the unit's format.
using Operation = float (*)(float a, float b, const Unit& unit);

struct Number {
    bool negative;
    int exponent;               ///< of a significand in [1, 2), biased by 127; 0 for zero
    std::uint32_t significand;  ///< m + 1 bits, the leading one in bit m; 0 for zero
};

inline std::uint32_t bits_of(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return bits;
}

inline float float_of(std::uint32_t bits) {
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

inline bool is_finite(float x) {
    return (bits_of(x) & 0x7f800000u) != 0x7f800000u;
}

/// A finite number with 8 exponent bits and m fraction bits; a subnormal is normalised.
inline Number take_apart(float x, int m) {
    const std::uint32_t bits = bits_of(x);
    Number n{(bits >> 31) != 0, static_cast<int>((bits >> 23) & 0xff), bits & 0x7fffff};
    if (n.exponent != 0) {
        n.significand |= 0x800000;
    } else if (n.significand != 0) {
        n.exponent = 1;
        while ((n.significand & 0x800000) == 0) {
            n.significand <<= 1;
            --n.exponent;
        }
    }
    n.significand >>= 23 - m;
    return n;
}

/// The other way: overflow gives infinity, what is below the smallest normal number is shifted right and truncated.
inline float put_together(Number n, int m) {
    const std::uint32_t sign = n.negative ? 0x80000000u : 0;
    if (n.exponent >= 255) {
        return float_of(sign | 0x7f800000u);
    }
    if (n.exponent < 1) {
        const int shift = 1 - n.exponent;
        return float_of(sign | (shift > m ? 0 : n.significand >> shift << (23 - m)));
    }
    const std::uint32_t fraction = (n.significand << (23 - m)) & 0x7fffff;
    return float_of(sign | static_cast<std::uint32_t>(n.exponent) << 23 | fraction);
}

/// x to the nearest number of an IEEE-like format, ties to even.
inline float round_to(float x, int exponent_bits, int fraction_bits) {
    if (!is_finite(x) || (exponent_bits == 8 && fraction_bits == 23)) {
        return x;
    }
    const std::uint32_t bits = bits_of(x);
    const std::uint32_t sign = bits & 0x80000000u;
    const int field = static_cast<int>((bits >> 23) & 0xff);
    const int bias = (1 << (exponent_bits - 1)) - 1;
    const int lowest = 128 - bias;  // the exponent field of the smallest normal number
    const int place = field > 0 ? field : 1;
    const int drop = 23 - fraction_bits + (place < lowest ? lowest - place : 0);
    if (drop > 24) {
        return float_of(sign);
    }
    const std::uint32_t significand = (bits & 0x7fffff) | (field > 0 ? 0x800000u : 0);
    std::uint32_t kept = significand;
    if (drop > 0) {
        const std::uint32_t even = (significand >> drop) & 1;
        kept = (significand + (1u << (drop - 1)) - 1 + even) >> drop << drop;
    }
    if (kept == 0) {
        return float_of(sign);
    }
    const std::uint32_t magnitude = (static_cast<std::uint32_t>(place - 1) << 23) + kept;
    const std::uint32_t infinite = static_cast<std::uint32_t>(128 + bias) << 23;
    return float_of(sign | (magnitude >= infinite ? 0x7f800000u : magnitude));
}

}  // namespace axfire::scalar
