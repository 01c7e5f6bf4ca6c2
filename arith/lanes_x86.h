// SPDX-License-Identifier: Apache-2.0
// Operations over lanes that x86 has in one instruction or a few. arith/lanes.h says what each does.
#pragma once

// GCC 12 warns of its own headers (bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "arith/lane_types.h"

namespace axfire {

template <class U>
U to_int_down(const FloatOf<U>& x);

#if defined(__AVX512F__)
AXFIRE_FN __m512i native(const U32x16& x) {
    return (__m512i)x;
}
AXFIRE_FN bool any(const U32x16& x) {
    return _mm512_test_epi32_mask(native(x), native(x)) != 0;
}
AXFIRE_FN u32 sign_bits(const U32x16& x) {
    return _mm512_cmplt_epi32_mask(native(x), __m512i{});
}
AXFIRE_FN auto to_float_truncated(const U32x16& x) {
    return (Vector<16>::Float)_mm512_cvt_roundepi32_ps(native(x), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
AXFIRE_FN U32x16 shift_right(const U32x16& x, const U32x16& n) {
    return (U32x16)_mm512_srlv_epi32(native(x), native(n));
}
AXFIRE_FN U32x16 shift_left(const U32x16& x, const U32x16& n) {
    return (U32x16)_mm512_sllv_epi32(native(x), native(n));
}
AXFIRE_FN U32x16 shift_right_signed(const U32x16& x, const U32x16& n) {
    return (U32x16)_mm512_srav_epi32(native(x), native(n));
}
AXFIRE_FN U32x16 min_lanes(const U32x16& a, const U32x16& b) {
    return (U32x16)_mm512_min_epu32(native(a), native(b));
}
AXFIRE_FN U32x16 max_lanes(const U32x16& a, const U32x16& b) {
    return (U32x16)_mm512_max_epu32(native(a), native(b));
}
AXFIRE_FN U32x16 common_bits(const U32x16& a, const U32x16& b, u32 bits) {
    return (U32x16)_mm512_ternarylogic_epi32(native(a), native(b), native(splat<U32x16>(bits)), 0x80);
}
AXFIRE_FN U32x16 either_but_common(const U32x16& a, const U32x16& b, u32 bits) {
    return (U32x16)_mm512_ternarylogic_epi32(native(a), native(b), native(splat<U32x16>(bits)), 0x7c);
}
AXFIRE_FN auto less_exact_product(const Vector<16>::Float& sum, const Vector<16>::Float& a,
                                  const Vector<16>::Float& b) {
    return (Vector<16>::Float)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)sum);
}
AXFIRE_FN U32x16 absolute(const U32x16& x) {
    return (U32x16)_mm512_abs_epi32(native(x));
}
template <>
AXFIRE_FN U32x16 to_int_down<U32x16>(const Vector<16>::Float& x) {
    return (U32x16)_mm512_cvt_roundps_epi32((__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
AXFIRE_FN U32x16 float_bits_truncated(const U32x16& x) {
    return (U32x16)_mm512_cvt_roundepi32_ps(native(x), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
}
AXFIRE_FN U32x16 to_int_down_where(const U32x16& test, u32 bits, const Vector<16>::Float& x) {
    const __mmask16 mask = _mm512_test_epi32_mask(native(test), native(splat<U32x16>(bits)));
    return (U32x16)_mm512_maskz_cvt_roundps_epi32(mask, (__m512)x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
AXFIRE_FN U32x16 difference_where(const U32x16& test, u32 bits, const U32x16& a, const U32x16& b) {
    const __mmask16 mask = _mm512_test_epi32_mask(native(test), native(splat<U32x16>(bits)));
    return (U32x16)_mm512_maskz_sub_epi32(mask, native(a), native(b));
}
AXFIRE_FN bool any_above_or_nan(const U32x16& x, u32 limit, const Vector<16>::Float& a, const Vector<16>::Float& b) {
    const __mmask16 above = _mm512_cmpgt_epu32_mask(native(x), native(splat<U32x16>(limit)));
    return !_kortestz_mask16_u8(above, _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_UNORD_Q));
}
AXFIRE_FN U32x16 lookup(const u32* table, const U32x16& index) {
    return (U32x16)_mm512_i32gather_epi32(native(index), table, 4);
}
/// Of a table with one entry to spare.
AXFIRE_FN U32x16 lookup(const std::uint16_t* table, const U32x16& index) {
    return (U32x16)_mm512_i32gather_epi32(native(index), table, 2) & 0xffffu;
}
/// Of a table whose size is a multiple of 4.
AXFIRE_FN U32x16 lookup(const unsigned char* table, const U32x16& index) {
    const U32x16 four = (U32x16)_mm512_i32gather_epi32(native(index & ~3u), table, 1);
    return (four >> ((index & 3u) << 3)) & 0xffu;
}
template <>
inline constexpr bool kHasBinary16<U32x16> = true;
AXFIRE_FN U32x16 through_binary16(const U32x16& x) {
    return (U32x16)_mm512_cvtph_ps(_mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
#endif
#if defined(__AVX512DQ__)
inline constexpr int kZeroClass = 0x06, kSubnormalClass = 0x20, kInfiniteOrNanClass = 0x99;
AXFIRE_FN __mmask16 strange_products(const U32x16& a, const U32x16& b, const U32x16& product) {
    return _kor_mask16(_kor_mask16(_mm512_fpclass_ps_mask((__m512)a, kSubnormalClass),
                                   _mm512_fpclass_ps_mask((__m512)b, kSubnormalClass)),
                       _mm512_fpclass_ps_mask((__m512)product, kSubnormalClass | kInfiniteOrNanClass));
}
AXFIRE_FN bool any_strange_product(const U32x16& a, const U32x16& b, const U32x16& product) {
    return strange_products(a, b, product) != 0;
}
AXFIRE_FN bool any_strange_product(const U32x16& a, const U32x16& b, const U32x16& least, const U32x16& most) {
    const __mmask16 of_most = _mm512_fpclass_ps_mask((__m512)most, kInfiniteOrNanClass);
    const __mmask16 zero =
        _kor_mask16(_mm512_fpclass_ps_mask((__m512)a, kZeroClass), _mm512_fpclass_ps_mask((__m512)b, kZeroClass));
    const __mmask16 vanished = _kandn_mask16(zero, _mm512_fpclass_ps_mask((__m512)least, kZeroClass));
    return !_kortestz_mask16_u8(_kor_mask16(strange_products(a, b, least), vanished), of_most);
}
AXFIRE_FN void by_magnitude(const U32x16& a, const U32x16& b, U32x16& larger, U32x16& smaller) {
    constexpr int kSignOfResult = 4, kMinimum = 2, kMaximum = 3;  // of magnitudes
    larger = (U32x16)_mm512_range_ps((__m512)a, (__m512)b, kSignOfResult | kMaximum);
    smaller = (U32x16)_mm512_range_ps((__m512)a, (__m512)b, kSignOfResult | kMinimum);
}
#endif
#if defined(__AVX512CD__)
AXFIRE_FN U32x16 smear_down(const U32x16& x) {
    return shift_right(splat<U32x16>(~0u), (U32x16)_mm512_lzcnt_epi32(native(x)));
}
AXFIRE_FN U32x16 leading_one(const U32x16& x) {
    return 31u - (U32x16)_mm512_lzcnt_epi32(native(x));
}
#endif
#if defined(__AVX512BW__)
AXFIRE_FN U32x16 lookup_upper(const std::uint16_t* entries, const U32x16& x) {
    const auto quarter = [&](int i) { return _mm512_loadu_si512(entries + 32 * i); };
    const __m512i lower = _mm512_permutex2var_epi16(quarter(0), native(x), quarter(1));  // by 6 bits of each half
    const __m512i upper = _mm512_permutex2var_epi16(quarter(2), native(x), quarter(3));
    const __mmask16 is_upper = _mm512_test_epi32_mask(native(x), native(splat<U32x16>(64u << 16)));
    return (U32x16)_mm512_mask_blend_epi32(is_upper, lower, upper) & 0xffff0000u;
}
AXFIRE_FN U32x16 add_products(const U32x16& a, const U32x16& b) {
    return (U32x16)_mm512_madd_epi16(native(a), native(b));
}
#endif
#if defined(__AVX2__)
AXFIRE_FN __m256i native(const U32x8& x) {
    return (__m256i)x;
}
AXFIRE_FN bool any(const U32x8& x) {
    return _mm256_testz_si256(native(x), native(x)) == 0;
}
AXFIRE_FN u32 sign_bits(const U32x8& x) {
    return static_cast<u32>(_mm256_movemask_ps((__m256)x));
}
AXFIRE_FN U32x8 shift_right(const U32x8& x, const U32x8& n) {
    return (U32x8)_mm256_srlv_epi32(native(x), native(n));
}
AXFIRE_FN U32x8 shift_left(const U32x8& x, const U32x8& n) {
    return (U32x8)_mm256_sllv_epi32(native(x), native(n));
}
AXFIRE_FN U32x8 shift_right_signed(const U32x8& x, const U32x8& n) {
    return (U32x8)_mm256_srav_epi32(native(x), native(n));
}
AXFIRE_FN U32x8 min_lanes(const U32x8& a, const U32x8& b) {
    return (U32x8)_mm256_min_epu32(native(a), native(b));
}
AXFIRE_FN U32x8 max_lanes(const U32x8& a, const U32x8& b) {
    return (U32x8)_mm256_max_epu32(native(a), native(b));
}
AXFIRE_FN U32x8 absolute(const U32x8& x) {
    return (U32x8)_mm256_abs_epi32(native(x));
}
template <>
AXFIRE_FN U32x8 to_int_down<U32x8>(const Vector<8>::Float& x) {
    return (U32x8)_mm256_cvtps_epi32(_mm256_floor_ps((__m256)x));
}
AXFIRE_FN bool any_above_or_nan(const U32x8& x, u32 limit, const Vector<8>::Float& a, const Vector<8>::Float& b) {
    return any(lt(splat<U32x8>(limit), x) | (U32x8)_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_UNORD_Q));
}
AXFIRE_FN U32x8 add_products(const U32x8& a, const U32x8& b) {
    return (U32x8)_mm256_madd_epi16(native(a), native(b));
}
AXFIRE_FN U32x8 lookup(const u32* table, const U32x8& index) {
    return (U32x8)_mm256_i32gather_epi32(reinterpret_cast<const int*>(table), native(index), 4);
}
/// Of a table with one entry to spare.
AXFIRE_FN U32x8 lookup(const std::uint16_t* table, const U32x8& index) {
    return (U32x8)_mm256_i32gather_epi32(reinterpret_cast<const int*>(table), native(index), 2) & 0xffffu;
}
AXFIRE_FN U32x8 lookup(const unsigned char* table, const U32x8& index) {
    const U32x8 four = (U32x8)_mm256_i32gather_epi32(reinterpret_cast<const int*>(table), native(index & ~3u), 1);
    return (four >> ((index & 3u) << 3)) & 0xffu;
}
#endif
#if defined(__AVX2__) && defined(__F16C__)
template <>
inline constexpr bool kHasBinary16<U32x8> = true;
AXFIRE_FN U32x8 through_binary16(const U32x8& x) {
    return (U32x8)_mm256_cvtph_ps(_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
#endif
#if defined(__SSE2__)
AXFIRE_FN __m128i native(const U32x4& x) {
    return (__m128i)x;
}
AXFIRE_FN bool any(const U32x4& x) {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(native(x), __m128i{})) != 0xffff;
}
AXFIRE_FN U32x4 add_products(const U32x4& a, const U32x4& b) {
    return (U32x4)_mm_madd_epi16(native(a), native(b));
}
#endif

}  // namespace axfire
