// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/log_product.h"

namespace axfire::multipliers {

/// Mitchell's logarithmic multiplier: log2(1+x) is taken as x, so the fractions are added and their carry goes into the
/// exponent. In floating point: the fraction fields are added ("piecewise affine multiplication").
struct mitchell {
    static constexpr UnitInfo kInfo{"mitchell",
                                    "logarithmic: the fractions are added, the carry goes into the exponent",
                                    "Mitchell, IRE Trans. Electron. Comput. EC-11(4), 1962",
                                    0,
                                    {}};

    /// Sum of two m-bit fractions: carry * 2^m + fraction.
    template <class U>
    AXFIRE_FN static U add_fractions(const U& x, const U& y, u32, const Parameters&) {
        return x + y;
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return log_product<mitchell>(a, b, n, p);
    }
};

}  // namespace axfire::multipliers
