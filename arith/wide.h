// SPDX-License-Identifier: Apache-2.0
// 64-bit products over lanes of 32 bits.
#pragma once

#include "arith/unit.h"

namespace axfire {

/// The exact product of two 32-bit lanes.
template <class U>
AXFIRE_FN Wide<U> wide_mul(const U& a, const U& b) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        const u64 p = static_cast<u64>(a) * b;
        return {static_cast<u32>(p >> 32), static_cast<u32>(p)};
    } else {
        const U al = a & 0xffffu, ah = a >> 16, bl = b & 0xffffu, bh = b >> 16;
        const U ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
        const U mid = (ll >> 16) + (lh & 0xffffu) + (hl & 0xffffu);
        return {hh + (lh >> 16) + (hl >> 16) + (mid >> 16), (ll & 0xffffu) | (mid << 16)};
    }
}

#if defined(__AVX512F__) && !defined(__CUDACC__)
AXFIRE_FN Wide<U32x16> wide_mul(const U32x16& a, const U32x16& b) {
    const __m512i even = _mm512_mul_epu32(native(a), native(b));
    const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(native(a), 32), _mm512_srli_epi64(native(b), 32));
    return {(U32x16)_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd),
            (U32x16)_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32))};
}
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
AXFIRE_FN Wide<U32x8> wide_mul(const U32x8& a, const U32x8& b) {
    const __m256i even = _mm256_mul_epu32(native(a), native(b));
    const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(native(a), 32), _mm256_srli_epi64(native(b), 32));
    return {(U32x8)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa),
            (U32x8)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)};
}
#endif

template <class U>
AXFIRE_FN Wide<U> wide_add(const Wide<U>& a, const Wide<U>& b) {
    const U lo = a.lo + b.lo;
    return {a.hi + b.hi + (lt(lo, a.lo) & 1u), lo};
}

/// a - b, modulo 2^64.
template <class U>
AXFIRE_FN Wide<U> wide_sub(const Wide<U>& a, const Wide<U>& b) {
    return {a.hi - b.hi - (lt(a.lo, b.lo) & 1u), a.lo - b.lo};
}

/// x << n for one n in 0..63 shared by all lanes.
template <class U>
AXFIRE_FN Wide<U> wide_shl(const Wide<U>& x, u32 n) {
    if (n == 0) {
        return x;
    }
    if (n >= 32) {
        return {x.lo << (n - 32), U{}};
    }
    return {(x.hi << n) | (x.lo >> (32 - n)), x.lo << n};
}

/// x << n with an n in 0..63 of its own in each lane.
template <class U>
AXFIRE_FN Wide<U> wide_shl_lanes(const Wide<U>& x, const U& n) {
    const U small = lt(n, splat<U>(32));
    const U hi = shift_left(x.hi, n) | shift_right(x.lo, 32u - n);
    return {select(small, hi, shift_left(x.lo, n - 32u)), select(small, shift_left(x.lo, n), U{})};
}

/// x >> n for one n in 0..63, of which the low 32 bits.
template <class U>
AXFIRE_FN U wide_shr_low(const Wide<U>& x, u32 n) {
    if (n == 0) {
        return x.lo;
    }
    if (n >= 32) {
        return n == 32 ? x.hi : x.hi >> (n - 32);
    }
    return (x.lo >> n) | (x.hi << (32 - n));
}

}  // namespace axfire
