// SPDX-License-Identifier: Apache-2.0
// The FP adder around an approximate significand adder, step by step on signed 64-bit integers.
#pragma once

#include <utility>

#include "tests/oracle/circuits.h"
#include "tests/oracle/dyadic.h"

namespace axfire::oracle {

/// +-significand * 2^(exponent - M), 2^M <= significand < 2^(M+1), into the format; what does not fit below is cut off.
inline u32 truncate_to(const Format& f, bool negative, std::int64_t significand, int exponent) {
    if (exponent < min_exponent(f)) {
        const int places = min_exponent(f) - exponent;
        significand = places >= 32 ? 0 : significand >> places;
        exponent = min_exponent(f);
        if (significand == 0 || f.subnormals == Subnormals::flush) {
            return with_sign(negative, 0);
        }
    }
    const bool too_large =
        exponent > max_exponent(f) || (exponent == max_exponent(f) && significand > max_significand(f));
    return too_large ? overflowed(f, negative) : compose(f, negative, significand, exponent);
}

struct AdderOptions {
    bool exact_subtraction = false;
    bool zero_bypass = false;
    unsigned guard = 0;      ///< bits below the significand; with any, alignment keeps a sticky bit too
    bool round_sum = false;  ///< the sum is rounded by `rounding`; else it is truncated
    Rounding rounding = Rounding::rne;
};

/// The smaller operand's significand, aligned to the larger one's. Without guard bits, bits shifted out are dropped and
/// nothing is left at a gap of M or more; with them, any one bit shifted out sets bit 0.
inline std::int64_t aligned(const Format& f, std::int64_t significand, int gap, unsigned guard) {
    if (guard == 0) {
        return gap >= static_cast<int>(f.fraction_bits) ? 0 : significand >> gap;  // toward minus infinity
    }
    bool sticky = false;
    std::int64_t word = significand * (std::int64_t{1} << guard);
    for (int place = 0; place < gap && place < 64; ++place) {
        sticky = sticky || word % 2 != 0;
        word >>= 1;  // toward minus infinity
    }
    return sticky && word % 2 == 0 ? word + 1 : word;
}

/// The pipeline's result for operands of the format. `unit` is any circuit but the exact FP adder's, which is
/// exact_add; the exact circuit here gives the pipeline at k = 0, which truncates.
inline u32 approximate_add(const Format& f, const AdderCircuit& unit, const Parameters& parameters,
                           AdderOptions options, u32 acc, u32 x) {
    if (is_nan(acc) || is_nan(x) || is_inf(acc) || is_inf(x)) {
        return exact_add(f, Rounding::rne, acc, x);  // no rounding takes place
    }
    if (options.zero_bypass && (is_zero(acc) || is_zero(x))) {
        return is_zero(x) ? acc : x;
    }
    const int m = static_cast<int>(f.fraction_bits);
    Number a = unpack(f, acc);
    Number b = unpack(f, x);
    if (b.exponent > a.exponent) {
        std::swap(a, b);
    }
    const int gap = a.exponent - b.exponent;
    const bool subtraction = a.negative != b.negative;
    const bool both_negative = a.negative && b.negative;
    const std::int64_t scale = std::int64_t{1} << options.guard;
    const std::int64_t first = (subtraction && a.negative ? -a.significand : a.significand) * scale;
    const std::int64_t second =
        aligned(f, subtraction && b.negative ? -b.significand : b.significand, gap, options.guard);

    const unsigned n = f.fraction_bits + 3 + options.guard;
    const u64 modulus = u64{1} << n;
    const Circuit circuit = subtraction && options.exact_subtraction ? adders::exact : unit.circuit;
    const u64 raw =
        circuit(static_cast<u64>(first) % modulus, static_cast<u64>(second) % modulus, n, parameters) % modulus;
    const std::int64_t sum = raw < modulus / 2 ? static_cast<std::int64_t>(raw)
                                               : static_cast<std::int64_t>(raw) - static_cast<std::int64_t>(modulus);

    const bool negative = sum < 0 || both_negative;
    std::int64_t magnitude = sum < 0 ? -sum : sum;
    int exponent = a.exponent - static_cast<int>(options.guard);  // the magnitude counts units of 2^(exponent - M)
    if (magnitude == 0) {
        return with_sign(negative, 0);
    }
    if (options.round_sum) {
        return round_to(f, options.rounding, {negative, static_cast<u128>(magnitude), exponent - m});
    }
    while (magnitude >= std::int64_t{2} << m) {
        magnitude >>= 1;
        ++exponent;
    }
    while (magnitude < std::int64_t{1} << m) {
        magnitude <<= 1;
        --exponent;
    }
    return truncate_to(f, negative, magnitude, exponent);
}

}  // namespace axfire::oracle
