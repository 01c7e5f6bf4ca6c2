// SPDX-License-Identifier: Apache-2.0
// The two operations of a layer or a population, with conversions between their formats.
#pragma once

#include "engine/bench/scalar/multiply.h"

namespace axfire::scalar {

/// Called through pointers, since the units are chosen at run time: that costs about a nanosecond of a dozen.
struct Arithmetic {
    Operation multiply;
    Unit multiplier;
    Operation add;
    Unit adder;
    bool converts_products;  ///< to the adder's format
    bool converts_sums;      ///< to the multiplier's, where a sum is multiplied
};

/// a + b, both in the adder's format.
inline float plus(const Arithmetic& u, float a, float b) {
    return u.add(a, b, u.adder);
}

/// a * b, both in the multiplier's format, in the adder's.
inline float times(const Arithmetic& u, float a, float b) {
    const float product = u.multiply(a, b, u.multiplier);
    return u.converts_products ? round_to(product, u.adder.exponent_bits, u.adder.fraction_bits) : product;
}

/// A sum as an operand of the multiplier.
inline float factor(const Arithmetic& u, float sum) {
    return u.converts_sums ? round_to(sum, u.multiplier.exponent_bits, u.multiplier.fraction_bits) : sum;
}

}  // namespace axfire::scalar
