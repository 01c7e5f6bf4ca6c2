// SPDX-License-Identifier: Apache-2.0
// The integer product of a logarithmic multiplier, from the sum of the fractions that it forms.
#pragma once

#include "arith/wide.h"

namespace axfire {

/// Product of two n-bit integers by a unit that adds fractions: with ka, kb the leading ones and x, y the fractions of
/// n-1 bits, Unit::add_fractions gives carry and fraction f, and the product is 2^(ka+kb+carry) (1 + f).
template <class Unit, class U>
AXFIRE_FN Wide<U> log_product(const U& a, const U& b, u32 n, const Parameters& p) {
    const u32 m = n - 1;
    const u32 mask = (1u << m) - 1;
    const U ka = leading_one(a | eq(a, U{}));  // a zero operand is masked below
    const U kb = leading_one(b | eq(b, U{}));
    const U x = shift_left(a, m - ka) & mask;
    const U y = shift_left(b, m - kb) & mask;
    const U sum = Unit::add_fractions(x, y, m, p);
    const U one_f = (sum & mask) | (1u << m);
    const U e = ka + kb + (sum >> m);
    const Wide<U> left = wide_shl_lanes(Wide<U>{U{}, one_f}, e - m);
    const U right = shift_right(one_f, m - e);
    const U nonzero = ~(eq(a, U{}) | eq(b, U{}));
    const U up = ~lt(e, splat<U>(m));
    return {select(up, left.hi, U{}) & nonzero, select(up, left.lo, right) & nonzero};
}

}  // namespace axfire
