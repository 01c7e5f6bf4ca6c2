// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/ama5.h"
#include "arith/log_product.h"

namespace axfire::multipliers {

/// Mitchell's multiplier with the approximate mirror adder ama5 on the low m bits of the fractions: they are those of
/// operand B.
struct almmaa3 {
    static constexpr UnitInfo kInfo{"almmaa3",
                                    "mitchell with ama5 as the fraction adder",
                                    "Liu et al., IEEE TCAS-I 65(9), 2018",
                                    1,
                                    {kApproximateFractionBits}};

    template <class U>
    AXFIRE_FN static U add_fractions(const U& x, const U& y, u32 m, const Parameters& p) {
        return adders::ama5::add(x, y, m, p);
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return log_product<almmaa3>(a, b, n, p);
    }
};

}  // namespace axfire::multipliers
