// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/wide.h"

namespace axfire::multipliers {

/// Exact product of operands whose low d bits are cleared.
struct dropped {
    static constexpr UnitInfo kInfo{"dropped",
                                    "the low d bits of both operands are dropped",
                                    "Jiang et al., Proc. IEEE 108(12), 2020",
                                    1,
                                    {{"d", 0, kCircuitWidth, false, 0, "low bits dropped of each operand"}}};

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32, const Parameters& p) {
        const u32 d = p.value[0];
        return wide_mul(a >> d << d, b >> d << d);
    }
};

}  // namespace axfire::multipliers
