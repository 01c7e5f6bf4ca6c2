// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/log_product.h"

namespace axfire::multipliers {

/// Linear-complexity multiplication: the product of the fractions is replaced by 2^-l, with l = M up to 3 fraction
/// bits, 3 for 4 and 4 above. The carry into the exponent is 0, 1 or 2.
struct lmul {
    static constexpr UnitInfo kInfo{"lmul",
                                    "the fractions and 2^-l are added; l from the fraction's width",
                                    "Luo and Sun, arXiv 2410.00907, 2024",
                                    0,
                                    {}};

    template <class U>
    AXFIRE_FN static U add_fractions(const U& x, const U& y, u32 m, const Parameters&) {
        const u32 l = m <= 3 ? m : m == 4 ? 3 : 4;
        return x + y + (1u << (m - l));
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return log_product<lmul>(a, b, n, p);
    }
};

}  // namespace axfire::multipliers
