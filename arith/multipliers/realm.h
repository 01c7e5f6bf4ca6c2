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
    AXFIRE_FN static U significand(const U& x, const U& y, const Parameters& p) {
        const u32 n = p.value[0];
        const u32 bits = n == 4 ? 2 : n == 8 ? 3 : 4;
        const U i = x >> (23 - bits);
        const U j = y >> (23 - bits);
        if (n != 4) {
            return mbm::corrected_significand(x, y, lookup(realm_table(n), (i << bits) | j) << 16);
        }
        // A row's four constants are one word, 5 bits each, the first at bit 16.
        U row = splat<U>(packed_row(3));
        for (u32 k = 0; k < 3; ++k) {
            row = select(eq(i, splat<U>(k)), splat<U>(packed_row(k)), row);
        }
        return mbm::corrected_significand(x, y, (row << (j * 5u)) & (31u << 16));
    }

    template <class U>
    AXFIRE_FN static Wide<U> mul(const U& a, const U& b, u32 n, const Parameters& p) {
        const u32 segments = p.value[0];
        U lead;
        const U i = (fraction_of(a, n, lead) * segments) >> (n - 1);
        const U j = (fraction_of(b, n, lead) * segments) >> (n - 1);
        return mbm::corrected_product(a, b, n, lookup(realm_table(segments), i * segments + j));
    }

private:
    AXFIRE_FN static u32 packed_row(u32 i) {
        const unsigned char* const c = realm_table(4) + 4 * i;
        return u32{c[0]} << 16 | u32{c[1]} << 11 | u32{c[2]} << 6 | u32{c[3]} << 1;
    }
};

}  // namespace axfire::multipliers
