// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/low_part.h"
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
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        return wide_mul(shortened(a, n, p), shortened(b, n, p));
    }

    AXFIRE_FN static constexpr u32 bits_kept(u32 n, const Parameters& p) { return n - p.value[0]; }
    AXFIRE_FN static constexpr bool keeps_lead(u32 n, const Parameters& p) { return p.value[0] < n; }
    template <class U>
    AXFIRE_FN static U shortened(const U& x, u32, const Parameters& p) {
        return x & ~low_mask(p.value[0]);
    }
};

}  // namespace axfire::multipliers
