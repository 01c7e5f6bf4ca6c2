// SPDX-License-Identifier: Apache-2.0
// The adder and the multiplier of a layer as callables on numbers, which bring their operands into their formats.
#pragma once

#include <functional>
#include <string>

#include "arith/spec.h"
#include "tests/oracle/fp_mul.h"

namespace axfire::oracle {

/// A binary64 number, exactly; not for infinities and NaN.
inline Dyadic dyadic(double value) {
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(value), &exponent);
    return {std::signbit(value), static_cast<u128>(std::ldexp(fraction, 53)), exponent - 53};
}

/// The number of a format that a binary64 (or binary32) number rounds to, in one rounding.
inline float into_format(const Format& f, Rounding r, double value) {
    if (std::isnan(value)) {
        return to_float(kCanonicalNan);
    }
    return to_float(std::isinf(value) ? overflowed(f, std::signbit(value)) : round_to(f, r, dyadic(value)));
}

inline float canonical(float value) {
    return std::isnan(value) ? to_float(kCanonicalNan) : value;
}

struct Units {
    std::function<float(float, float)> sum;      ///< operands of the adder's format
    std::function<float(float, float)> product;  ///< operands of the multiplier's format
    std::function<float(double)> for_adder;      ///< into the adder's format
    std::function<float(double)> for_multiplier;

    float add(float accumulator, float x) const { return sum(for_adder(accumulator), for_adder(x)); }
    /// Operand A is the input, B the weight or constant.
    float mul(float a, float b) const { return product(for_multiplier(a), for_multiplier(b)); }
};

/// The processor's own binary32.
inline Units binary32_units() {
    const auto round = [](double x) { return canonical(static_cast<float>(x)); };
    return {[](float a, float b) { return canonical(a + b); }, [](float a, float b) { return canonical(a * b); }, round,
            round};
}

/// "loa(k=12)@fp32" -> "loa".
inline std::string unit_name(const std::string& spec) {
    return spec.substr(0, spec.find_first_of("(@"));
}

/// The units of two specs, by the slow pipelines.
inline Units units_of(const AdderSpec& adder, const MultiplierSpec& multiplier) {
    Units units;
    const std::string add_name = unit_name(to_string(adder));
    const std::string mul_name = unit_name(to_string(multiplier));
    units.for_adder = [adder](double x) { return into_format(adder.format, adder.rounding, x); };
    units.for_multiplier = [multiplier](double x) { return into_format(multiplier.format, multiplier.rounding, x); };
    if (add_name == "exact") {
        units.sum = [adder](float a, float b) {
            return to_float(exact_add(adder.format, adder.rounding, to_bits(a), to_bits(b)));
        };
    } else {
        const AdderCircuit circuit = oracle::adder(add_name);
        units.sum = [adder, circuit](float a, float b) {
            const AdderOptions options{adder.exact_subtraction, adder.zero_bypass};
            return to_float(approximate_add(adder.format, circuit, adder.parameters, options, to_bits(a), to_bits(b)));
        };
    }
    if (mul_name == "exact") {
        units.product = [multiplier](float a, float b) {
            return to_float(exact_mul(multiplier.format, multiplier.rounding, to_bits(a), to_bits(b)));
        };
    } else {
        const MultiplierCircuit circuit = oracle::multiplier(mul_name);
        units.product = [multiplier, circuit](float a, float b) {
            return to_float(approximate_mul(multiplier.format, circuit, multiplier.parameters, multiplier.round_product,
                                            multiplier.rounding, to_bits(a), to_bits(b)));
        };
    }
    return units;
}

}  // namespace axfire::oracle
