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
/// Products of the lanes with even and with odd indices, 64 bits each.
AXFIRE_FN __m512i even_products(const U32x16& a, const U32x16& b) {
    return _mm512_mul_epu32(native(a), native(b));
}
AXFIRE_FN __m512i odd_products(const U32x16& a, const U32x16& b) {
    return _mm512_mul_epu32(_mm512_srli_epi64(native(a), 32), _mm512_srli_epi64(native(b), 32));
}
AXFIRE_FN U32x16 upper_halves(__m512i even, __m512i odd) {
    return (U32x16)_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_CDAB);
}
AXFIRE_FN Wide<U32x16> wide_mul(const U32x16& a, const U32x16& b) {
    const __m512i even = even_products(a, b);
    const __m512i odd = odd_products(a, b);
    return {upper_halves(even, odd), (U32x16)_mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CDAB)};
}
AXFIRE_FN U32x16 wide_difference_high(const U32x16& a, const U32x16& b, const U32x16& c, const U32x16& d) {
    return upper_halves(_mm512_sub_epi64(even_products(a, b), even_products(c, d)),
                        _mm512_sub_epi64(odd_products(a, b), odd_products(c, d)));
}
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
AXFIRE_FN __m256i even_products(const U32x8& a, const U32x8& b) {
    return _mm256_mul_epu32(native(a), native(b));
}
AXFIRE_FN __m256i odd_products(const U32x8& a, const U32x8& b) {
    return _mm256_mul_epu32(_mm256_srli_epi64(native(a), 32), _mm256_srli_epi64(native(b), 32));
}
AXFIRE_FN U32x8 upper_halves(__m256i even, __m256i odd) {
    return (U32x8)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}
AXFIRE_FN Wide<U32x8> wide_mul(const U32x8& a, const U32x8& b) {
    const __m256i even = even_products(a, b);
    const __m256i odd = odd_products(a, b);
    return {upper_halves(even, odd), (U32x8)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)};
}
AXFIRE_FN U32x8 wide_difference_high(const U32x8& a, const U32x8& b, const U32x8& c, const U32x8& d) {
    return upper_halves(_mm256_sub_epi64(even_products(a, b), even_products(c, d)),
                        _mm256_sub_epi64(odd_products(a, b), odd_products(c, d)));
}
#endif
#if defined(__SSE2__) && !defined(__CUDACC__)
AXFIRE_FN __m128i even_products(const U32x4& a, const U32x4& b) {
    return _mm_mul_epu32(native(a), native(b));
}
AXFIRE_FN __m128i odd_products(const U32x4& a, const U32x4& b) {
    return _mm_mul_epu32(_mm_srli_epi64(native(a), 32), _mm_srli_epi64(native(b), 32));
}
AXFIRE_FN U32x4 upper_halves(__m128i even, __m128i odd) {
    return (U32x4)_mm_or_si128(_mm_srli_epi64(even, 32), _mm_andnot_si128(_mm_set1_epi64x(0xffffffff), odd));
}
AXFIRE_FN Wide<U32x4> wide_mul(const U32x4& a, const U32x4& b) {
    const __m128i even = even_products(a, b);
    const __m128i odd = odd_products(a, b);
    const __m128i lower = _mm_and_si128(_mm_set1_epi64x(0xffffffff), even);
    return {upper_halves(even, odd), (U32x4)_mm_or_si128(lower, _mm_slli_epi64(odd, 32))};
}
AXFIRE_FN U32x4 wide_difference_high(const U32x4& a, const U32x4& b, const U32x4& c, const U32x4& d) {
    return upper_halves(_mm_sub_epi64(even_products(a, b), even_products(c, d)),
                        _mm_sub_epi64(odd_products(a, b), odd_products(c, d)));
}
#endif

/// The upper 32 bits of a product, and of the difference of two.
template <class U>
AXFIRE_FN U wide_mul_high(const U& a, const U& b) {
    return wide_mul(a, b).hi;
}
template <class U>
AXFIRE_FN U wide_difference_high(const U& a, const U& b, const U& c, const U& d) {
    const Wide<U> p = wide_mul(a, b);
    const Wide<U> q = wide_mul(c, d);
    return p.hi - q.hi + lt(p.lo, q.lo);
}

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
