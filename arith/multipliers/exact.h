// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/wide.h"

namespace axfire::multipliers {

/// The exact product. As an FP multiplier: correctly rounded.
struct exact {
    static constexpr UnitInfo kInfo{"exact", "the exact product, correctly rounded", "IEEE 754-2019", 0, {}};

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32, const Parameters&) {
        return wide_mul(a, b);
    }
};

}  // namespace axfire::multipliers
