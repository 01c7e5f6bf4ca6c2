// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/herloa.h"

namespace axfire::adders {

/// Modified herloa: bits k-5..0 are constant 1.
struct mherloa {
    static constexpr UnitInfo kInfo{"mherloa",
                                    "herloa whose bits below the top four low ones are 1",
                                    "Balasubramanian et al., 2021, after Seo et al., 2020",
                                    1,
                                    {{"k", 2, kCircuitWidth, false, 0, "approximate low bits"}}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        const u32 k = p.value[0];
        return herloa::add(a, b, n, p) | (k < 5 ? 0u : low_mask(k - 4));
    }
};

}  // namespace axfire::adders
