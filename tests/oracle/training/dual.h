// SPDX-License-Identifier: Apache-2.0
// A number and its derivative by one variable, in binary64: forward differentiation.
#pragma once

#include <cmath>

namespace axfire::oracle {

struct Dual {
    double value = 0;
    double slope = 0;
    Dual() = default;
    Dual(double v) : value(v) {}  // NOLINT: a constant
    Dual(double v, double s) : value(v), slope(s) {}
};

inline Dual operator+(Dual a, Dual b) {
    return {a.value + b.value, a.slope + b.slope};
}
inline Dual operator-(Dual a, Dual b) {
    return {a.value - b.value, a.slope - b.slope};
}
inline Dual operator*(Dual a, Dual b) {
    return {a.value * b.value, a.slope * b.value + a.value * b.slope};
}
inline Dual operator/(Dual a, Dual b) {
    return {a.value / b.value, (a.slope * b.value - a.value * b.slope) / (b.value * b.value)};
}
inline Dual exp(Dual a) {
    const double e = std::exp(a.value);
    return {e, e * a.slope};
}
inline Dual log(Dual a) {
    return {std::log(a.value), a.slope / a.value};
}
inline Dual sqrt(Dual a) {
    const double r = std::sqrt(a.value);
    return {r, a.slope / (2 * r)};
}
inline Dual tanh(Dual a) {
    const double t = std::tanh(a.value);
    return {t, (1 - t * t) * a.slope};
}

inline double value_of(double x) {
    return x;
}
inline double value_of(Dual x) {
    return x.value;
}
inline double slope_of(double) {
    return 0;
}
inline double slope_of(Dual x) {
    return x.slope;
}
/// A number of type T: with the slope, where it has one.
template <class T>
T with_slope(Dual x) {
    if constexpr (requires(T t) { t.slope; }) {
        return x;
    } else {
        return x.value;
    }
}
/// x as a constant.
template <class T>
T detached(T x) {
    return T(value_of(x));
}
/// A step function's value with `slope` for a derivative. (With plain numbers there is no derivative to replace.)
inline double stepped(double x, double value, double) {
    (void)x;
    return value;
}
inline Dual stepped(Dual x, double value, double slope) {
    return {value, slope * x.slope};
}

}  // namespace axfire::oracle
