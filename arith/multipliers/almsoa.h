// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/loa.h"
#include "arith/log_product.h"

namespace axfire::multipliers {

/// Mitchell's multiplier with a set-one adder: the low m bits of the fractions' sum are 1, the AND of their top bits
/// carries into the exact upper part.
struct almsoa {
    static constexpr UnitInfo kInfo{"almsoa",
                                    "mitchell whose fraction adder sets the low m bits to 1",
                                    "Liu et al., IEEE TCAS-I 65(9), 2018",
                                    1,
                                    {kApproximateFractionBits}};

    template <class U>
    AXFIRE_FN static U add_fractions(const U& x, const U& y, u32 m, const Parameters& p) {
        return adders::loa::add(x, y, m, p) | low_mask(p.value[0]);
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return log_product<almsoa>(a, b, n, p);
    }
};

}  // namespace axfire::multipliers
