// SPDX-License-Identifier: Apache-2.0
// Array multipliers from which partial products are left out.
#pragma once

#include "arith/wide.h"

namespace axfire {

/// Sum of a_i b_j 2^(i+j) over h <= i < n and i + j >= v.
template <class U>
AXFIRE_FN Wide<U> array_product(const U& a, const U& b, u32 n, u32 h, u32 v) {
    if (v < n) {  // fewer columns are left out than there are rows: they are taken from the whole product
        U dropped{};
        for (u32 i = h; i < v; ++i) {
            dropped += (b & ((1u << (v - i)) - 1) & (U{} - ((a >> i) & 1u))) << i;  // below 2^v each
        }
        return wide_sub(wide_mul(h < 32 ? a >> h << h : U{}, b), Wide<U>{U{}, dropped});
    }
    Wide<U> sum{};
    for (u32 i = h; i < n; ++i) {
        const u32 cut = v > i ? v - i : 0;
        if (cut >= n) {
            continue;
        }
        const U row = (b >> cut << cut) & (U{} - ((a >> i) & 1u));
        if (2 * n <= 32) {
            sum.lo += row << i;
        } else {
            sum = wide_add(sum, wide_shl(Wide<U>{U{}, row}, i));
        }
    }
    return sum;
}

/// Width of the blocks in which a parametric array is used; 0: one array as wide as the significand.
inline constexpr ParameterInfo kBlockWidth{"n", 2, 24, true, 0, "width of the array's blocks; absent: one array"};

}  // namespace axfire
