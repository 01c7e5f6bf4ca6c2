// SPDX-License-Identifier: Apache-2.0
// The FP multiplier around an approximate significand multiplier, step by step on 64-bit integers.
#pragma once

#include "tests/oracle/fp_add.h"

namespace axfire::oracle {

/// The product of two p-bit significands: by one circuit of p bits, by one of N >= p bits (N = block), or by four.
inline u64 significand_product(const MultiplierCircuit& unit, const Parameters& parameters, u64 a, u64 b, unsigned p) {
    const unsigned block = unit.block < 0 ? 0 : parameters.value[unit.block];
    if (block == 0 || p <= block) {
        return unit.circuit(a, b, block == 0 ? p : block, parameters);
    }
    const u64 tile = u64{1} << block;
    const u64 al = a % tile, ah = a / tile, bl = b % tile, bh = b / tile;
    const auto times = [&](u64 x, u64 y) { return unit.circuit(x, y, block, parameters); };
    return times(al, bl) + (times(ah, bl) + times(al, bh)) * tile + times(ah, bh) * tile * tile;
}

/// The pipeline's result for operands of the format. `unit` is any circuit but the exact one, for which see exact_mul.
/// round_product: the 2p-bit product is rounded by `rounding`; else it is truncated.
inline u32 approximate_mul(const Format& f, const MultiplierCircuit& unit, const Parameters& parameters,
                           bool round_product, Rounding rounding, u32 a, u32 b) {
    if (is_nan(a) || is_nan(b) || is_inf(a) || is_inf(b) || is_zero(a) || is_zero(b)) {
        return exact_mul(f, Rounding::rne, a, b);  // no rounding takes place
    }
    const int m = static_cast<int>(f.fraction_bits);
    const unsigned p = f.fraction_bits + 1;
    const Number x = unpack(f, a);
    const Number y = unpack(f, b);
    const bool negative = x.negative != y.negative;
    const u64 product =
        significand_product(unit, parameters, static_cast<u64>(x.significand), static_cast<u64>(y.significand), p);
    if (round_product) {
        return round_to(f, rounding, {negative, product, x.exponent + y.exponent - 2 * m});
    }
    if (unit.logarithmic) {
        // The product is (2^M + fraction) 2^(M + carry): its low bits are zero, and none is dropped.
        std::int64_t significand = static_cast<std::int64_t>(product);
        int exponent = x.exponent + y.exponent - m;
        while (significand >= std::int64_t{2} << m) {
            significand /= 2;
            ++exponent;
        }
        return truncate_to(f, negative, significand, exponent);
    }
    std::int64_t kept = static_cast<std::int64_t>(product >> p);
    if (kept == 0) {
        return with_sign(negative, 0);
    }
    int exponent = x.exponent + y.exponent + 1;
    while (kept < std::int64_t{1} << m) {
        kept *= 2;
        --exponent;
    }
    return truncate_to(f, negative, kept, exponent);
}

}  // namespace axfire::oracle
