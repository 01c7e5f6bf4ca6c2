// SPDX-License-Identifier: Apache-2.0
// Floating-point multiplications, one at a time: the pipeline of docs/arithmetic.md without options around each
// significand multiplier.
#pragma once

#include "engine/bench/scalar/add.h"
#include "engine/bench/scalar/multipliers.h"

namespace axfire::scalar {

/// The processor's product, rounded to the format (binary32, or one in which that is right).
inline float multiply_exact(float x, float w, const Unit& unit) {
    return round_to(x * w, unit.exponent_bits, unit.fraction_bits);
}

inline bool is_ordinary(float x, float w) {
    return is_finite(x) && is_finite(w) && x != 0 && w != 0;
}

/// Around a unit that adds fractions.
template <Bits (*kFractions)(Bits, Bits, int, const unsigned*)>
float multiply_logarithmic(float x, float w, const Unit& unit) {
    if (!is_ordinary(x, w)) {
        return x * w;
    }
    const int m = unit.fraction_bits;
    const Bits one = Bits{1} << m;
    const Number a = take_apart(x, m);
    const Number b = take_apart(w, m);
    const Bits sum = kFractions(a.significand - one, b.significand - one, m, unit.parameter);
    const int carry = static_cast<int>(sum >> m);
    return put_together({a.negative != b.negative, a.exponent + b.exponent - 127 + carry, (sum & (one - 1)) | one}, m);
}

/// The product of p-bit operands by a circuit of n bits, in four pieces where it is narrower.
template <class Circuit>
Product in_blocks(Bits a, Bits b, int p, int n, const Circuit& circuit) {
    if (p <= n) {
        return circuit(a, b, n);
    }
    const Bits mask = low(static_cast<unsigned>(n));
    const Product middle = circuit(a >> n, b & mask, n) + circuit(a & mask, b >> n, n);
    return circuit(a & mask, b & mask, n) + (middle << n) + (circuit(a >> n, b >> n, n) << (2 * n));
}

/// Around an integer circuit of n bits (0: as wide as the significand). `whole`: all bits of the product count, not
/// only its upper half.
template <class Circuit>
float multiply_around(float x, float w, const Unit& unit, int n, bool whole, const Circuit& circuit) {
    if (!is_ordinary(x, w)) {
        return x * w;
    }
    const int m = unit.fraction_bits;
    const int p = m + 1;
    const Number a = take_apart(x, m);
    const Number b = take_apart(w, m);
    Product product = in_blocks(a.significand, b.significand, p, n == 0 ? p : n, circuit);
    const bool negative = a.negative != b.negative;
    int top = p + m;  // where the leading one of a product of 2 and more is
    if (!whole) {
        product >>= p;
        top = m;
    }
    if (product == 0) {
        return negative ? -0.0f : 0.0f;
    }
    int exponent = a.exponent + b.exponent - 127 + 1;
    while (product >> top == 0) {
        product <<= 1;
        --exponent;
    }
    while (product >> top > 1) {
        product >>= 1;
        ++exponent;
    }
    return put_together({negative, exponent, static_cast<Bits>(product >> (top - m))}, m);
}

/// `kBlock`: which parameter is the width of the circuit; -1: none.
template <Product (*kCircuit)(Bits, Bits, int, const unsigned*), bool kWhole = false, int kBlock = -1>
float multiply_integer(float x, float w, const Unit& unit) {
    const int n = kBlock < 0 ? 0 : static_cast<int>(unit.parameter[kBlock < 0 ? 0 : kBlock]);
    return multiply_around(x, w, unit, n, kWhole,
                           [&](Bits a, Bits b, int bits) { return kCircuit(a, b, bits, unit.parameter); });
}

/// By a user's circuit, of whose result 2n bits count.
inline float multiply_user_circuit(float x, float w, const Unit& unit) {
    return multiply_around(x, w, unit, unit.function_bits, false, [&](Bits a, Bits b, int n) {
        Bits lo, hi;
        unit.function(&a, &b, &lo, &hi);
        const Product product = (Product{hi} << 32) | lo;
        return n < 32 ? product & ((Product{1} << (2 * n)) - 1) : product;
    });
}

/// By a user's whole operation.
inline float multiply_user_operation(float x, float w, const Unit& unit) {
    const Bits a = bits_of(x);
    const Bits b = bits_of(w);
    Bits lo, hi;
    unit.function(&a, &b, &lo, &hi);
    return round_to(float_of(lo), unit.exponent_bits, unit.fraction_bits);
}

inline constexpr NamedOperation kMultipliers[] = {
    {"user circuit", multiply_user_circuit},
    {"user operation", multiply_user_operation},
    {"exact", multiply_exact},
    {"almloa", multiply_logarithmic<almloa>},
    {"almmaa3", multiply_logarithmic<almmaa3>},
    {"almsoa", multiply_logarithmic<almsoa>},
    {"bam", multiply_integer<bam, false, 2>},
    {"drmitchell", multiply_logarithmic<drmitchell>},
    {"dropped", multiply_integer<dropped>},
    {"drum", multiply_integer<drum>},
    {"essm", multiply_integer<essm>},
    {"kulkarni", multiply_integer<kulkarni>},
    {"lmul", multiply_logarithmic<lmul>},
    {"mbm", multiply_integer<mbm, true>},
    {"mitchell", multiply_logarithmic<mitchell>},
    {"mitchw", multiply_logarithmic<mitchw>},
    {"realm", multiply_integer<realm, true>},
    {"roba", multiply_integer<roba>},
    {"ssm", multiply_integer<ssm>},
    {"trunc", multiply_integer<trunc, false, 1>},
};

}  // namespace axfire::scalar
