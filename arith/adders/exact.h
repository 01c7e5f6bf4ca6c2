// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/unit.h"

namespace axfire::adders {

/// The exact sum. As an FP adder: guard, round and sticky bits, correctly rounded.
struct exact {
    static constexpr UnitInfo kInfo{"exact", "the exact sum, correctly rounded", "IEEE 754-2019", 0, {}};

    template <class U>
    AXFIRE_FN static U add(const U& a, const U& b, u32, const Parameters&) {
        return a + b;
    }
};

}  // namespace axfire::adders
