#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints arith/elementary_constants.h, the constants of the elementary functions. No packages needed; it came from

    python3 scripts/elementary_constants.py > arith/elementary_constants.h

Each polynomial is fitted by least squares at the Chebyshev nodes of its interval, which is close to the least
largest error. The coefficients are rounded to binary32 one by one, the lowest power first, and those not yet rounded
are fitted anew each time, so that they make up for what the rounding did.
"""
import math
import struct
from decimal import Decimal, getcontext

getcontext().prec = 60
NODES = 200
ONE = Decimal(1)
LN2 = Decimal(2).ln()
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494")


def binary32(x):
    return Decimal(struct.unpack("<f", struct.pack("<f", float(x)))[0])


def leading_bits(x, bits):
    """x in [1/2, 1), rounded to a multiple of 2^-bits."""
    return (x * 2**bits).to_integral_value() / 2**bits


def cosine(x):
    term, total, k = ONE, ONE, 0
    while abs(term) > Decimal(10) ** -58:
        k += 2
        term *= -x * x / (k * (k - 1))
        total += term
    return total


def solve(matrix, right):
    """Gaussian elimination with row exchanges."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    n = len(rows)
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(n):
            if r != i:
                factor = rows[r][i] / rows[i][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    return [rows[i][n] / rows[i][i] for i in range(n)]


def fit(function, weight, low, high, count):
    """Coefficients c[0..count-1] with weight(x) (function(x) - sum of c[i] x^i) small, and its largest magnitude."""
    points = [(low + high) / 2 + (high - low) / 2 * cosine(PI * (2 * k + 1) / (2 * NODES)) for k in range(NODES)]
    values = [function(x) for x in points]
    weights = [weight(x) for x in points]
    rounded = []
    while len(rounded) < count:
        powers = range(len(rounded), count)
        rows = [[w * x**i for i in powers] for x, w in zip(points, weights)]
        rest = [w * (v - sum(c * x**i for i, c in enumerate(rounded))) for x, v, w in zip(points, values, weights)]
        matrix = [[sum(r[i] * r[j] for r in rows) for j in range(len(powers))] for i in range(len(powers))]
        right = [sum(r[i] * b for r, b in zip(rows, rest)) for i in range(len(powers))]
        rounded.append(binary32(solve(matrix, right)[0]))
    error = max(abs(w * (v - sum(c * x**i for i, c in enumerate(rounded))))
                for x, v, w in zip(points, values, weights))
    return rounded, error


def series(coefficient, x, terms=90):
    return sum(coefficient(i) * x**i for i in range(terms))


def exp_tail(r):
    """(e^r - 1 - r) / r^2."""
    return (r.exp() - 1 - r) / (r * r)


def log_tail(z):
    """(log((1+s)/(1-s)) / s - 2 - 2z/3) / z^2, z = s^2."""
    return series(lambda i: Decimal(2) / (2 * i + 5), z)


def tanh_tail(u):
    """(tanh(x)/x - 1) / u, u = x^2."""
    x = u.sqrt()
    e = (2 * x).exp()
    return ((e - 1) / (e + 1) / x - 1) / u


def constant(name, value, comment=""):
    note = f"  ///< {comment}" if comment else ""
    digits, exponent = float(value).hex().split("p")
    print(f"inline constexpr float {name} = {digits.rstrip('0')}p{exponent}f;{note}")


def polynomial(name, what, function, weight, low, high, count):
    coefficients, error = fit(function, weight, low, high, count)
    print(f"\n/// {what}.\n/// Relative error of the whole below 2^{math.ceil(error.ln() / LN2 * 10) / 10}.")
    for i, c in enumerate(coefficients):
        constant(f"{name}{i}", c)


def main():
    print("""// SPDX-License-Identifier: Apache-2.0
// The constants of the elementary functions.
// Made by: python3 scripts/elementary_constants.py > arith/elementary_constants.h
#pragma once

namespace axfire::elementary {
""")
    high = leading_bits(LN2, 16)
    constant("kLog2E", binary32(1 / LN2))
    constant("kLn2High", high, "16 bits: times an integer of 8 bits it is exact")
    constant("kLn2Low", binary32(LN2 - high))

    half = LN2 / 2 * Decimal("1.0001")  # a little more: the integer part is found by a rounded product
    polynomial("kExp", "e^r = 1 + r + r^2 (kExp0 + kExp1 r + ...), |r| <= ln(2)/2", exp_tail,
               lambda r: r * r / r.exp(), -half, half, 5)

    two_thirds = Decimal(2) / 3
    upper = leading_bits(two_thirds, 12)
    print("\n/// 2/3 in two parts, the first of 12 bits.")
    constant("kTwoThirdsHigh", upper)
    constant("kTwoThirdsLow", binary32(two_thirds - upper))
    s = (Decimal(2).sqrt() - 1) / (Decimal(2).sqrt() + 1)
    polynomial("kLog", "log((1+s)/(1-s)) = 2s + s^3 (2/3 + z (kLog0 + kLog1 z + ...)), z = s^2, (1+s)/(1-s) <= sqrt(2)",
               log_tail, lambda z: z * z / 2, Decimal(0), s * s * Decimal("1.0001"), 3)

    bound = Decimal("0.55")
    print("\n/// Above it, tanh comes from the exponential function.")
    constant("kTanhBound", binary32(bound))
    polynomial("kTanh", "tanh(x) = x + x u (kTanh0 + kTanh1 u + ...), u = x^2, |x| <= kTanhBound", tanh_tail,
               lambda u: u * u.sqrt() / ((2 * u.sqrt()).exp() - 1) * ((2 * u.sqrt()).exp() + 1), Decimal(0),
               bound * bound, 5)
    print("\n}  // namespace axfire::elementary")


if __name__ == "__main__":
    main()
