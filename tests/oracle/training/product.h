// SPDX-License-Identifier: Apache-2.0
// An approximate product with the slopes of lines fitted to it.
#pragma once

#include <vector>

#include "tests/oracle/circuits.h"
#include "tests/oracle/dyadic.h"
#include "tests/oracle/fp_mul.h"
#include "tests/oracle/training/dual.h"

namespace axfire::oracle {

/// The truncated product of the pipeline. Its slope in one operand is that of the line of least squares through the
/// products of all numbers from 1 to 2 with the significand of the other.
class FittedProduct {
public:
    FittedProduct(const Format& f, const MultiplierCircuit& circuit, const Parameters& p)
        : format(f), unit(circuit), parameters(p), n(1 << f.fraction_bits) {
        for (int i = 0; i < n; ++i) {
            by_a.push_back(line(1 + i / static_cast<double>(n), true));
            by_b.push_back(line(1 + i / static_cast<double>(n), false));
        }
    }

    Dual operator()(Dual x, Dual w) const {
        const double a = rounded(x.value);
        const double b = rounded(w.value);
        return {product(a, b), slope(b, by_b) * x.slope + slope(a, by_a) * w.slope};
    }

private:
    double rounded(double v) const {
        return to_float(round_to(format, Rounding::rne, dyadic(to_bits(static_cast<float>(v)))));
    }
    double product(double a, double b) const {
        return to_float(approximate_mul(format, unit, parameters, false, Rounding::rz, to_bits(static_cast<float>(a)),
                                        to_bits(static_cast<float>(b))));
    }
    double slope(double operand, const std::vector<double>& slopes) const {
        if (operand == 0) {
            return 0;
        }
        int exponent = 0;
        const double significand = 2 * std::frexp(std::fabs(operand), &exponent);
        const double at_one = slopes[static_cast<std::size_t>((significand - 1) * n)];
        return std::copysign(std::ldexp(at_one, exponent - 1), operand);
    }
    /// The slope by the other operand, where a significand is operand A or B.
    double line(double significand, bool is_a) const {
        double mean = 0;
        for (int k = 0; k <= n; ++k) {
            mean += (1 + k / static_cast<double>(n)) / (n + 1);
        }
        double covariance = 0;
        double variance = 0;
        for (int k = 0; k <= n; ++k) {
            const double u = 1 + k / static_cast<double>(n);
            covariance += (u - mean) * (is_a ? product(significand, u) : product(u, significand));
            variance += (u - mean) * (u - mean);
        }
        return covariance / variance;
    }

    Format format;
    const MultiplierCircuit& unit;
    Parameters parameters;
    int n;                           ///< significands from 1 to 2
    std::vector<double> by_a, by_b;  ///< by the operand's fraction
};

}  // namespace axfire::oracle
