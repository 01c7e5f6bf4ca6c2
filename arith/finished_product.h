// SPDX-License-Identifier: Apache-2.0
// Products that are looked up whole: normalised, and rounded or truncated.
#pragma once

#include "arith/ordinary_product.h"

namespace axfire {

/// True where `finished_product` serves a spec once it is tabulated: in the format of the exponents of binary32, with
/// entries of 16 bits, and with a rounding that is the same for either sign.
AXFIRE_FN constexpr bool finishes_products(const MultiplierSpec& s) {
    const bool any_sign = s.rounding == Rounding::rne || s.rounding == Rounding::rna || s.rounding == Rounding::rz ||
                          s.rounding == Rounding::odd;
    return s.format.exponent_bits == 8 && s.format.fraction_bits <= 7 && (!s.round_product || any_sign);
}
AXFIRE_FN constexpr bool has_finished_product(const MultiplierSpec& s) {
    return s.tabulated && finishes_products(s);
}

/// An operand that all lanes share.
template <class U>
struct Shared {
    const U& lanes;
};

template <class A>
inline constexpr bool kIsShared = false;
template <class U>
inline constexpr bool kIsShared<Shared<U>> = true;

/// The product of the significands of a and b as a number. The table, [2^m][2^m] by the fractions, holds the upper
/// halves of its bits.
template <class U>
AXFIRE_FN U finished_number(const std::uint16_t* table, const U& a, const U& b, u32 m) {
    const u32 fraction = ((1u << m) - 1) << (23 - m);
    return lookup(table, ((a & fraction) >> (23 - m) << m) | ((b & fraction) >> (23 - m))) << 16;
}
template <class U>
AXFIRE_FN U finished_number(const std::uint16_t* table, const Shared<U>& a, const U& b, u32 m) {
    const u32 fraction = ((1u << m) - 1) << (23 - m);
    const std::uint16_t* const row = table + ((first_lane(a.lanes) & fraction) >> (23 - m) << m);
    return m == 7 ? lookup_upper(row, b) : lookup(row, (b & fraction) >> (23 - m)) << 16;
}

template <class U>
AXFIRE_FN const U& lanes_of(const U& x) {
    return x;
}
template <class U>
AXFIRE_FN const U& lanes_of(const Shared<U>& x) {
    return x.lanes;
}

/// The product by a tabulated multiplier. Signs and exponents go in by two multiplications with powers of two, which
/// are exact; a zero's power is 0. `strange`: in some lane that does not hold, for a subnormal operand or a product
/// that is no normal number.
template <class A, class U>
AXFIRE_FN U finished_product(const MultiplierSpec& s, const A& a, const U& b, bool& strange) {
    const U number = finished_number(s.model->finished, a, b, s.format.fraction_bits);
    const U product = as_bits<U>(as_float(number) * power_of(b) * power_of(lanes_of(a)));
    strange = any_strange_product(lanes_of(a), b, product);
    return product;
}

}  // namespace axfire
