// SPDX-License-Identifier: Apache-2.0
// The adder and the multiplier of a layer as callables on numbers, which bring their operands into their formats.
#pragma once

#include <functional>
#include <string>

#include "arith/spec_text.h"
#include "tests/oracle/fp_mul.h"
#include "tests/oracle/stochastic.h"

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

/// The last argument of each is the operation's random word, which only stochastic rounding looks at.
struct Units {
    std::function<float(float, float, u32)> sum;        ///< operands of the adder's format
    std::function<float(float, float, u32)> product;    ///< operands of the multiplier's format
    std::function<float(double, u32)> into_adder;       ///< into the adder's format
    std::function<float(double, u32)> into_multiplier;  ///< into the multiplier's format
    /// Of constants, when a network is loaded: to nearest even in place of stochastic rounding.
    std::function<float(double)> for_adder;
    std::function<float(double)> for_multiplier;
    std::function<float(float, float)> sum_at_load;
    Order order = Order::sequential;  ///< of a projection's terms
    std::size_t block = 0;
    bool stochastic = false;  ///< some operation looks at its word
};

/// The processor's own binary32.
inline Units binary32_units() {
    const auto round = [](double x) { return canonical(static_cast<float>(x)); };
    const auto sum = [](float a, float b) { return canonical(a + b); };
    return {[sum](float a, float b, u32) { return sum(a, b); },
            [](float a, float b, u32) { return canonical(a * b); },
            [round](double x, u32) { return round(x); },
            [round](double x, u32) { return round(x); },
            round,
            round,
            sum};
}

/// "loa(k=12)@fp32" -> "loa".
inline std::string unit_name(const std::string& spec) {
    return spec.substr(0, spec.find_first_of("(@"));
}

/// The mode of everything that is rounded when a network is loaded.
inline Rounding at_load(Rounding r) {
    return r == Rounding::sr ? Rounding::rne : r;
}

/// The number of a format that a binary32 number, given in binary64, rounds to.
inline float into_format(const Format& f, Rounding r, double value, u32 word) {
    if (r != Rounding::sr || std::isnan(value) || std::isinf(value)) {
        return into_format(f, at_load(r), value);
    }
    return to_float(round_randomly(f, dyadic(value), word));
}

/// One addition by the slow pipelines. Stochastic rounding is that of the exact unit here; an approximate one must
/// truncate its sums, then.
inline std::function<float(float, float, u32)> sum_of(const AdderSpec& adder) {
    const std::string name = unit_name(to_string(adder));
    if (name == "exact") {
        return [adder](float a, float b, u32 word) {
            return to_float(adder.rounding == Rounding::sr
                                ? random_add(adder.format, to_bits(a), to_bits(b), word)
                                : exact_add(adder.format, adder.rounding, to_bits(a), to_bits(b)));
        };
    }
    const AdderCircuit circuit = oracle::adder(name);
    return [adder, circuit](float a, float b, u32) {
        const AdderOptions options{adder.exact_subtraction, adder.zero_bypass, adder.guard, adder.round_sum,
                                   adder.rounding};
        return to_float(approximate_add(adder.format, circuit, adder.parameters, options, to_bits(a), to_bits(b)));
    };
}

inline std::function<float(float, float, u32)> product_of(const MultiplierSpec& multiplier) {
    const std::string name = unit_name(to_string(multiplier));
    if (name == "exact") {
        return [multiplier](float a, float b, u32 word) {
            return to_float(multiplier.rounding == Rounding::sr
                                ? random_mul(multiplier.format, to_bits(a), to_bits(b), word)
                                : exact_mul(multiplier.format, multiplier.rounding, to_bits(a), to_bits(b)));
        };
    }
    const MultiplierCircuit circuit = oracle::multiplier(name);
    return [multiplier, circuit](float a, float b, u32) {
        return to_float(approximate_mul(multiplier.format, circuit, multiplier.parameters, multiplier.round_product,
                                        multiplier.rounding, to_bits(a), to_bits(b)));
    };
}

/// The units of two specs, by the slow pipelines.
inline Units units_of(const AdderSpec& adder, const MultiplierSpec& multiplier) {
    AdderSpec adder_at_load = adder;
    adder_at_load.rounding = at_load(adder.rounding);
    const auto sum_at_load = sum_of(adder_at_load);
    Units units;
    units.sum = sum_of(adder);
    units.product = product_of(multiplier);
    units.into_adder = [adder](double x, u32 word) { return into_format(adder.format, adder.rounding, x, word); };
    units.into_multiplier = [multiplier](double x, u32 word) {
        return into_format(multiplier.format, multiplier.rounding, x, word);
    };
    units.for_adder = [adder](double x) { return into_format(adder.format, at_load(adder.rounding), x); };
    units.for_multiplier = [multiplier](double x) {
        return into_format(multiplier.format, at_load(multiplier.rounding), x);
    };
    units.sum_at_load = [sum_at_load](float a, float b) { return sum_at_load(a, b, 0); };
    units.order = adder.order;
    units.block = adder.block;
    units.stochastic = adder.rounding == Rounding::sr || multiplier.rounding == Rounding::sr;
    return units;
}

}  // namespace axfire::oracle
