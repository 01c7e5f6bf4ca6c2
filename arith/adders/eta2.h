// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/gear_sum.h"

namespace axfire::adders {

/// Error-tolerant adder II: blocks, each with its carry-in predicted by the block below it alone; gear(block, block).
struct eta2 {
    static constexpr UnitInfo kInfo{"eta2",
                                    "blocks, carry-in from the block below alone",
                                    "Zhu et al., ISIC 2009",
                                    1,
                                    {{"block", 1, kCircuitWidth, false, 0, "bits of a block"}}};

    static constexpr const char* invalid(const Parameters& p, u32 n) {
        return 2 * p.value[0] > n
                   ? "two blocks fit into the adder: block is from 1 to half its width (M + 3 in the FP adder)"
                   : nullptr;
    }
    static constexpr bool kCommutes = true;

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32 n, const Parameters& p) {
        return gear_sum(a, b, n, p.value[0], p.value[0]);
    }
};

}  // namespace axfire::adders
