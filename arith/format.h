// SPDX-License-Identifier: Apache-2.0
// A floating-point format of at most 32 bits, every value of which is exactly a binary32.
#pragma once

#include <cstdint>

#include "arith/lanes.h"

namespace axfire {

/// How a real number becomes a number of a format.
enum class Rounding : std::uint8_t {
    rne,  ///< to nearest, ties to even
    rna,  ///< to nearest, ties away from zero
    rz,   ///< toward zero (truncate)
    ru,   ///< toward +infinity
    rd,   ///< toward -infinity
    odd,  ///< truncate; an inexact result gets an odd significand
    sr,   ///< stochastic: up with the probability of what is cut off, by a random word that the operation's place gives
};

enum class Subnormals : std::uint8_t {
    gradual,  ///< gradual underflow, as IEEE 754
    flush,    ///< a result that is still subnormal after rounding becomes a zero of its sign
};

enum class Overflow : std::uint8_t {
    infinity,  ///< as IEEE 754 says for the rounding mode; NaN in a format without infinity
    saturate,  ///< the largest finite value of that sign, also for an infinite operand of a conversion
};

/// E exponent bits with bias 2^(E-1)-1 and M fraction bits behind a hidden one.
struct Format {
    std::uint32_t exponent_bits = 8;   ///< E, 2..8
    std::uint32_t fraction_bits = 23;  ///< M, 1..23
    Subnormals subnormals = Subnormals::gradual;
    Overflow overflow = Overflow::infinity;
    bool finite = false;  ///< OCP "fn": no infinity, the all-ones exponent holds numbers, NaN is S.11..1.11..1

    friend constexpr bool operator==(const Format&, const Format&) = default;

    /// Bits of a significand, the hidden one included.
    AXFIRE_FN constexpr std::uint32_t precision() const { return fraction_bits + 1; }
    AXFIRE_FN constexpr std::uint32_t bias() const { return (1u << (exponent_bits - 1)) - 1; }
    /// Exponent field, in binary32, of the smallest normal number (1 for E = 8).
    AXFIRE_FN constexpr std::uint32_t min_field() const { return 128 - bias(); }
    /// Exponent field, in binary32, of the largest finite number.
    AXFIRE_FN constexpr std::uint32_t max_field() const { return 127 + bias() + (finite ? 1 : 0); }
    /// The largest finite number, as binary32 bits.
    AXFIRE_FN constexpr std::uint32_t max_bits() const {
        const std::uint32_t ones = (1u << fraction_bits) - (finite ? 2 : 1);
        return (max_field() << 23) | (ones << (23 - fraction_bits));
    }
};

inline constexpr Format kFp32{8, 23};
inline constexpr Format kTf32{8, 10};
inline constexpr Format kBf16{8, 7};
inline constexpr Format kFp16{5, 10};
inline constexpr Format kDlfloat16{6, 9};
inline constexpr Format kFp8E4m3{4, 3, Subnormals::gradual, Overflow::infinity, true};
inline constexpr Format kFp8E5m2{5, 2};

}  // namespace axfire
