// SPDX-License-Identifier: Apache-2.0
// Floating-point additions, one at a time: the pipeline of docs/arithmetic.md without options around each significand
// adder.
#pragma once

#include <utility>

#include "engine/bench/scalar/adders.h"
#include "engine/bench/scalar/number.h"

namespace axfire::scalar {

/// The processor's sum, rounded to the format (at most 10 fraction bits, or binary32).
inline float add_exact(float acc, float x, const Unit& unit) {
    return round_to(acc + x, unit.exponent_bits, unit.fraction_bits);
}

template <Bits (*kCircuit)(Bits, Bits, int, const unsigned*)>
float add_approximate(float acc, float x, const Unit& unit) {
    if (!is_finite(acc) || !is_finite(x)) {
        return acc + x;
    }
    const int m = unit.fraction_bits;
    const int n = m + 3;
    Number a = take_apart(acc, m);
    Number b = take_apart(x, m);
    if (a.exponent < b.exponent) {
        std::swap(a, b);
    }
    std::int32_t left = static_cast<std::int32_t>(a.significand);
    std::int32_t right = static_cast<std::int32_t>(b.significand);
    if (a.negative != b.negative) {
        (a.negative ? left : right) *= -1;
    }
    const int distance = a.exponent - b.exponent;
    right = distance >= m ? 0 : right >> distance;

    const Bits mask = low(static_cast<unsigned>(n));
    Bits sum = kCircuit(static_cast<Bits>(left) & mask, static_cast<Bits>(right) & mask, n, unit.parameter) & mask;
    const bool below_zero = bit(sum, static_cast<unsigned>(n - 1)) != 0;
    if (below_zero) {
        sum = (0 - sum) & mask;
    }
    const bool negative = below_zero || (a.negative && b.negative);
    if (sum == 0) {
        return negative ? -0.0f : 0.0f;
    }
    Number result{negative, a.exponent, sum};
    while (result.significand >= Bits{2} << m) {
        result.significand >>= 1;
        ++result.exponent;
    }
    while (result.significand < Bits{1} << m) {
        result.significand <<= 1;
        --result.exponent;
    }
    return put_together(result, m);
}

struct NamedOperation {
    const char* name;
    Operation operation;
};

inline constexpr NamedOperation kAdders[] = {
    {"exact", add_exact},
    {"aca", add_approximate<aca>},
    {"ama5", add_approximate<ama5>},
    {"copy", add_approximate<copy>},
    {"eta1", add_approximate<eta1>},
    {"eta2", add_approximate<eta2>},
    {"gear", add_approximate<gear>},
    {"heaa", add_approximate<heaa>},
    {"herloa", add_approximate<herloa>},
    {"hoaaned", add_approximate<hoaaned>},
    {"hoeraa", add_approximate<hoeraa>},
    {"ldca", add_approximate<ldca>},
    {"loa", add_approximate<loa>},
    {"loawa", add_approximate<loawa>},
    {"lzta", add_approximate<lzta>},
    {"mherloa", add_approximate<mherloa>},
    {"oloca", add_approximate<oloca>},
    {"seta", add_approximate<seta>},
    {"trunc0", add_approximate<trunc0>},
    {"trunc1", add_approximate<trunc1>},
};

}  // namespace axfire::scalar
