// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/loa.h"
#include "arith/log_product.h"

namespace axfire::multipliers {

/// Mitchell's multiplier with the lower-part OR adder loa on the low m bits of the fractions.
struct almloa {
    static constexpr UnitInfo kInfo{"almloa",
                                    "mitchell with loa as the fraction adder",
                                    "Liu et al., IEEE TCAS-I 65(9), 2018",
                                    1,
                                    {kApproximateFractionBits}};

    template <class U>
    AXFIRE_FN static U add_fractions(const U& x, const U& y, u32 m, const Parameters& p) {
        return adders::loa::add(x, y, m, p);
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return log_product<almloa>(a, b, n, p);
    }
};

}  // namespace axfire::multipliers
