// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/multipliers/mbm.h"
#include "arith/realm_table.h"

namespace axfire::multipliers {

/// Reduced-error logarithmic multiplier: mbm with a constant of its own in each of n x n segments, by the leading bits
/// of the fractions.
struct realm {
    static constexpr UnitInfo kInfo{"realm",
                                    "mbm with a constant per segment of the fractions",
                                    "Saadat et al., DATE 2020",
                                    1,
                                    {{"n", 4, 16, false, 0, "segments of each fraction: 4, 8 or 16"}}};
    static constexpr bool kLogarithmic = true;  // in floating point the whole product is normalised

    static constexpr const char* invalid(const Parameters& p, u32) {
        const u32 n = p.value[0];
        return n == 4 || n == 8 || n == 16 ? nullptr : "n, the segments of each fraction, is 4, 8 or 16";
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        const u32 segments = p.value[0];
        U lead;
        const U i = (fraction_of(a, n, lead) * segments) >> (n - 1);
        const U j = (fraction_of(b, n, lead) * segments) >> (n - 1);
        return mbm::corrected_product(a, b, n, lookup(realm_table(segments), i * segments + j));
    }
};

}  // namespace axfire::multipliers
