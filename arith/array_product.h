// SPDX-License-Identifier: Apache-2.0
// Array multipliers from which partial products are left out.
#pragma once

#include "arith/low_part.h"
#include "arith/wide.h"

namespace axfire {

inline constexpr u32 kMostLowColumns = 15;

/// Sum of a_i b_j 2^(i+j) over h <= i and i + j < v <= kMostLowColumns, at most (v - 1) 2^v + 1. Two rows at a time:
/// (a_i + 2 a_(i+1)) times the columns of b 2^i below v - 1, plus a_i times column v - 1.
template <class U>
AXFIRE_FN U low_columns(const U& a, const U& b, u32 h, u32 v) {
    if (v <= h) {
        return U{};
    }
    const U twice_a = (a & low_mask(v)) | (a & low_mask(v)) << 16;
    const U twice_b = (b & low_mask(v)) | (b & low_mask(v)) << 16;
    U sum{};
    for (u32 i = h; i < v; i += 2) {
        sum += add_products((twice_a >> i) & 0x10003u, (twice_b << i) & (low_mask(v - 1) | 0x8000u << v));
    }
    return sum;
}

/// Sum of a_i b_j 2^(i+j-v) over h <= i < n and i + j >= v, for n <= v and n <= kMostWidth. Two rows at a time:
/// (a_i + 2 a_(i+1)) times the columns of b that row i has, plus a_(i+1) times the one more of its own.
inline constexpr u32 kMostWidth = 14;
template <class U>
AXFIRE_FN U upper_columns(const U& a, const U& b, u32 n, u32 h, u32 v) {
    const U twice_a = a | a << 15;
    U sum{};
    for (u32 i = h + n > v ? h : v - n + 1; i < n; i += 2) {
        sum += add_products((twice_a >> i) & 0x10003u, (b >> (v - i)) | ((b << (17 - v + i)) & 0x10000u));
    }
    return sum;
}

/// Sum of a_i b_j 2^(i+j) over h <= i < n and i + j >= v.
template <class U>
AXFIRE_FN Wide<U> array_product(const U& a, const U& b, u32 n, u32 h, u32 v) {
    const U rows = a & ~low_mask(h);
    if (n <= kMostWidth) {
        return {U{}, v < n ? add_products(rows, b) - low_columns(rows, b, h, v) : upper_columns(a, b, n, h, v) << v};
    }
    if (v <= kMostLowColumns) {  // they are taken from the whole product
        return wide_sub(wide_mul(rows, b), Wide<U>{U{}, low_columns(rows, b, h, v)});
    }
    Wide<U> sum{};
    for (u32 i = h; i < n; ++i) {
        const u32 cut = v > i ? v - i : 0;
        if (cut < n) {
            const U row = (b >> cut << cut) & (U{} - ((a >> i) & 1u));
            sum = wide_add(sum, wide_shl(Wide<U>{U{}, row}, i));
        }
    }
    return sum;
}

/// The same >> n.
template <class U>
AXFIRE_FN U array_upper_half(const U& a, const U& b, u32 n, u32 h, u32 v) {
    if (v <= kMostLowColumns && v + 4 <= n) {  // what is left out is less than 2^n
        const U rows = a & ~low_mask(h);
        const Wide<U> p = wide_mul(rows << (32 - n), b);
        return v <= h ? p.hi : p.hi + lt(p.lo, low_columns(rows, b, h, v) << (32 - n));
    }
    return wide_shr_low(array_product(a, b, n, h, v), n);
}

/// Width of the blocks in which a parametric array is used; 0: one array as wide as the significand.
inline constexpr ParameterInfo kBlockWidth{"n", 2, 24, true, 0, "width of the array's blocks; absent: one array"};

}  // namespace axfire
