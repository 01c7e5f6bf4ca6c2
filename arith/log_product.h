// SPDX-License-Identifier: Apache-2.0
// The integer product of a logarithmic multiplier, from the sum of the fractions that it forms.
#pragma once

#include "arith/wide.h"

namespace axfire {

/// floor(x 2^(e - f)).
template <class U>
AXFIRE_FN Wide<U> scaled(const U& x, const U& e, u32 f) {
    const U up = ~lt(e, splat<U>(f));
    const Wide<U> left = wide_shl_lanes(Wide<U>{U{}, x}, e - f);
    return {left.hi & up, select(up, left.lo, shift_right(x, f - e))};
}

/// p where neither operand is zero, else 0.
template <class U>
AXFIRE_FN Wide<U> nonzero_product(const U& a, const U& b, const Wide<U>& p) {
    const U nonzero = ~(eq(a, U{}) | eq(b, U{}));
    return {p.hi & nonzero, p.lo & nonzero};
}

/// The fraction of an n-bit number in n-1 bits; `lead` is where its leading one is (0 for zero).
template <class U>
AXFIRE_FN U fraction_of(const U& x, u32 n, U& lead) {
    lead = leading_one(x | (eq(x, U{}) & 1u));
    return (x << (n - 1 - lead)) & ((1u << (n - 1)) - 1);
}

/// Product of two n-bit integers by a unit that adds fractions: with ka, kb the leading ones and x, y the fractions of
/// n-1 bits, Unit::add_fractions gives carry and fraction f, and the product is 2^(ka+kb+carry) (1 + f).
template <class Unit, class U>
AXFIRE_FN Wide<U> log_product(const U& a, const U& b, u32 n, const Parameters& p) {
    const u32 m = n - 1;
    U ka, kb;
    const U x = fraction_of(a, n, ka);
    const U y = fraction_of(b, n, kb);
    const U sum = Unit::add_fractions(x, y, m, p);
    const U one_f = (sum & ((1u << m) - 1)) | (1u << m);
    return nonzero_product(a, b, scaled(one_f, ka + kb + (sum >> m), m));
}

inline constexpr ParameterInfo kApproximateFractionBits{"m",   0, kFractionWidth,
                                                        false, 0, "approximate low bits of the fraction adder"};

}  // namespace axfire
