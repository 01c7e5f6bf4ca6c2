#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints arith/realm_table.h, the constants of the REALM multiplier. No packages needed; the table came from

    python3 scripts/realm_constants.py > arith/realm_table.h

For x and y uniform in segment (i, j) of n x n the product (1+x)(1+y) is taken as m(x, y) + c, with Mitchell's
m = 1+x+y below x+y = 1 and 2(x+y) above. The mean relative error is 0 where the integral of (m + c)/((1+x)(1+y)) - 1
over the segment is, which is linear in c:

    c = (area - integral of m/((1+x)(1+y))) / integral of 1/((1+x)(1+y))

The carries (1+x+y+c reaching 2, 2(x+y)+c reaching 4) are left out, as section 6 of the arithmetic contract has it.
The integral over y is done in closed form, the one over x by Gauss-Legendre quadrature.
"""
import math

NODES = 24


def gauss_legendre(count):
    """Nodes and weights on [-1, 1], by Newton's method on the Legendre polynomial."""
    rule = []
    for k in range(count):
        x = math.cos(math.pi * (k + 0.75) / (count + 0.5))
        for _ in range(50):
            before, value = 0.0, 1.0
            for d in range(count):
                before, value = value, ((2 * d + 1) * x * value - d * before) / (d + 1)
            slope = count * (x * value - before) / (x * x - 1)
            x -= value / slope
        rule.append((x, 2 / ((1 - x * x) * slope * slope)))
    return rule


RULE = gauss_legendre(NODES)


def integrate(f, low, high):
    middle, half = (low + high) / 2, (high - low) / 2
    return half * math.fsum(w * f(middle + half * x) for x, w in RULE)


def inner(x, low, high, top):
    """Integral over y of m/((1+x)(1+y)); (1+x+y)/(1+y) = 1 + x/(1+y), 2(x+y)/(1+y) = 2 + 2(x-1)/(1+y)."""
    cut = min(max(top, low), high)  # m changes at y = 1-x
    below = (cut - low) + x * math.log((1 + cut) / (1 + low))
    above = 2 * (high - cut) + 2 * (x - 1) * math.log((1 + high) / (1 + cut))
    return (below + above) / (1 + x)


def constant(i, j, n):
    """The constant of one segment in units of 2^-7, not rounded. 1-x meets the segment's corners only."""
    x0, x1, y0, y1 = i / n, (i + 1) / n, j / n, (j + 1) / n
    mitchell = integrate(lambda x: inner(x, y0, y1, 1 - x), x0, x1)
    weight = math.log((1 + x1) / (1 + x0)) * math.log((1 + y1) / (1 + y0))
    return 128 * (1 / (n * n) - mitchell) / weight


def main():
    print("""// SPDX-License-Identifier: Apache-2.0
// The constants of the REALM multiplier in units of 2^-7; rows by the leading bits of A's fraction, columns by B's.
// Made by: python3 scripts/realm_constants.py > arith/realm_table.h
#pragma once

#include "arith/lanes.h"

namespace axfire {

/// The n x n constants, n = 4, 8 or 16, row after row. Static in a function, so that device code has them too.
AXFIRE_FN const unsigned char* realm_table(u32 n) {
    // clang-format off""")
    for n in (4, 8, 16):
        values = [[constant(i, j, n) for j in range(n)] for i in range(n)]
        margin = min(abs(c - math.floor(c) - 0.5) for row in values for c in row)
        assert margin > 1e-6, "a constant is too near a tie to be rounded"
        print(f"    static constexpr unsigned char k{n}[{n * n}] = {{")
        for row in values:
            print("        " + ", ".join(f"{math.floor(c + 0.5):2}" for c in row) + ",")
        print("    };")
    print("""    // clang-format on
    return n == 4 ? k4 : n == 8 ? k8 : k16;
}

}  // namespace axfire""")


if __name__ == "__main__":
    main()
