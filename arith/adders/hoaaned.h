// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/adders/hoeraa.h"

namespace axfire::adders {

/// Approximate adder with a near-normal error distribution: hoeraa, with the AND of the pair at k-2 always in sum bit
/// k-1.
struct hoaaned {
    static constexpr UnitInfo kInfo{"hoaaned",
                                    "hoeraa with a near-normal error distribution",
                                    "Balasubramanian et al., IEEE Access 9, 2021",
                                    1,
                                    {{"k", 2, kCircuitWidth, false, 0, "approximate low bits"}}};
    static constexpr bool kCommutes = true;
    static constexpr bool kExactUpperPart = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters& p) {
        const u32 k = p.value[0];
        return hoeraa::with_top(a, b, (a & b) << 1, k);
    }
};

}  // namespace axfire::adders
