// SPDX-License-Identifier: Apache-2.0
// The lane types that every unit is templated on: u32 (the reference, and device code) and vectors of u32.
//
// A unit is written once, branch-free and unsigned, over a lane type U. With U = u32 it is plain C++ that CUDA
// compiles too; with U = a GCC vector it is SIMD code of the same bits.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__) && !defined(__CUDACC__)
// GCC 12 warns of its own headers (bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "the arithmetic is defined bit by bit: build it without -ffast-math and its parts"
#endif

/// Marks every function of the arithmetic: host and device code, and always inlined. Inlining is not only for speed:
/// no out-of-line copy exists that a linker could take from a file compiled for a newer instruction set.
#if defined(__CUDACC__)
#define AXFIRE_FN __host__ __device__ __forceinline__
#else
#define AXFIRE_FN inline __attribute__((always_inline))
#endif

namespace axfire {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

/// What belongs to a lane type: its signed and floating twins and its number of lanes.
template <class U>
struct LaneTraits;

template <>
struct LaneTraits<u32> {
    using Signed = std::int32_t;
    using Float = float;
    static constexpr unsigned kWidth = 1;
};

#if defined(__GNUC__) && !defined(__CUDACC__)
/// W lanes of u32 in one SIMD register: 4 (SSE2, NEON), 8 (AVX2), 16 (AVX-512).
template <unsigned W>
struct Vector {
    typedef std::uint32_t Unsigned __attribute__((vector_size(4 * W)));
    typedef std::int32_t Signed __attribute__((vector_size(4 * W)));
    typedef float Float __attribute__((vector_size(4 * W)));
};
using U32x4 = Vector<4>::Unsigned;
using U32x8 = Vector<8>::Unsigned;
using U32x16 = Vector<16>::Unsigned;

template <unsigned W>
struct VectorTraits {
    using Signed = typename Vector<W>::Signed;
    using Float = typename Vector<W>::Float;
    static constexpr unsigned kWidth = W;
};
template <>
struct LaneTraits<U32x4> : VectorTraits<4> {};
template <>
struct LaneTraits<U32x8> : VectorTraits<8> {};
template <>
struct LaneTraits<U32x16> : VectorTraits<16> {};
#endif

template <class U>
using SignedOf = typename LaneTraits<U>::Signed;
template <class U>
using FloatOf = typename LaneTraits<U>::Float;

/// The same bits under another lane type of the same size.
template <class To, class From>
AXFIRE_FN To bit_cast_lanes(const From& x) {
    static_assert(sizeof(To) == sizeof(From));
    To r;
    memcpy(&r, &x, sizeof r);
    return r;
}

/// Every lane set to one value.
template <class U>
AXFIRE_FN U splat(u32 x) {
    return U{} + x;
}

// Conditions are lane masks: all ones where true, zero where false.

AXFIRE_FN u32 mask_of(bool c) {
    return 0u - static_cast<u32>(c);
}
#if defined(__GNUC__) && !defined(__CUDACC__)
template <class M>
AXFIRE_FN auto mask_of(const M& c) {
    return bit_cast_lanes<typename Vector<sizeof(M) / 4>::Unsigned>(c);
}
#endif

template <class U>
AXFIRE_FN U lt(const U& a, const U& b) {
    return mask_of(a < b);
}
template <class U>
AXFIRE_FN U eq(const U& a, const U& b) {
    return mask_of(a == b);
}
/// mask ? a : b, lane by lane; every mask lane is all ones or zero.
template <class U>
AXFIRE_FN U select(const U& mask, const U& a, const U& b) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return mask != 0 ? a : b;
    } else {
        return bit_cast_lanes<SignedOf<U>>(mask) < 0 ? a : b;
    }
}

/// a where the top bit of x is set, else b.
template <class U>
AXFIRE_FN U select_sign(const U& x, const U& a, const U& b) {
    return bit_cast_lanes<SignedOf<U>>(x) < 0 ? a : b;
}

template <class U>
AXFIRE_FN U min_lanes(const U& a, const U& b) {
    return select(lt(a, b), a, b);
}
template <class U>
AXFIRE_FN U max_lanes(const U& a, const U& b) {
    return select(lt(a, b), b, a);
}

// What the compiler does not find by itself has overloads for the instruction sets that have it in one instruction.

/// True if any bit of any lane is set.
template <class U>
AXFIRE_FN bool any(const U& x) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return x != 0;
    } else {
        u64 words[sizeof(U) / 8];
        memcpy(words, &x, sizeof words);
        u64 r = 0;
        for (const u64 w : words) {
            r |= w;
        }
        return r != 0;
    }
}

/// Bit i of the result is the top bit of lane i.
template <class U>
AXFIRE_FN u32 sign_bits(const U& x) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return x >> 31;
    } else {
        u32 bits = 0;
        for (unsigned i = 0; i < LaneTraits<U>::kWidth; ++i) {
            bits |= x[i] >> 31 << i;
        }
        return bits;
    }
}

/// float(x) for x < 2^31, exact below 2^24.
template <class U>
AXFIRE_FN FloatOf<U> to_float(const U& x) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return static_cast<float>(static_cast<std::int32_t>(x));
    } else {
        return __builtin_convertvector(bit_cast_lanes<SignedOf<U>>(x), FloatOf<U>);
    }
}
template <class U>
AXFIRE_FN FloatOf<U> as_float(const U& x) {
    return bit_cast_lanes<FloatOf<U>>(x);
}
template <class U>
AXFIRE_FN U as_bits(const FloatOf<U>& x) {
    return bit_cast_lanes<U>(x);
}

/// float(x) toward zero, for x < 2^25.
template <class U>
AXFIRE_FN FloatOf<U> to_float_truncated(const U& x) {
    return to_float(x & ~(x >> 24));
}

/// Shifts by any amount: 32 and more give zero, where the language leaves it open.
template <class U>
AXFIRE_FN U shift_right(const U& x, const U& n) {
    return select(lt(n, splat<U>(32)), x >> (n & 31u), U{});
}
template <class U>
AXFIRE_FN U shift_left(const U& x, const U& n) {
    return select(lt(n, splat<U>(32)), x << (n & 31u), U{});
}
/// x / 2^n in two's complement, toward minus infinity.
template <class U>
AXFIRE_FN U shift_right_signed(const U& x, const U& n) {
    const U shift = min_lanes(n, splat<U>(31));
    return bit_cast_lanes<U>(bit_cast_lanes<SignedOf<U>>(x) >> bit_cast_lanes<SignedOf<U>>(shift));
}
/// The magnitude of x in two's complement.
template <class U>
AXFIRE_FN U absolute(const U& x) {
    return select_sign(x, U{} - x, x);
}

/// floor(x) in two's complement, for |x| < 2^31.
template <class U>
AXFIRE_FN U to_int_down(const FloatOf<U>& x) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        if (!(x >= -0x1p31f && x < 0x1p31f)) {  // the language leaves that conversion open
            return 0;
        }
        const std::int32_t whole = static_cast<std::int32_t>(x);
        return static_cast<u32>(whole) - static_cast<u32>(static_cast<float>(whole) > x);
    } else {
        const SignedOf<U> whole = __builtin_convertvector(x, SignedOf<U>);
        return bit_cast_lanes<U>(whole) + mask_of(__builtin_convertvector(whole, FloatOf<U>) > x);
    }
}
/// The bits of float(x) toward zero, for x in two's complement of at most 2^25 in magnitude.
template <class U>
AXFIRE_FN U float_bits_truncated(const U& x) {
    return as_bits<U>(to_float_truncated(absolute(x))) | (x & 0x80000000u);
}
/// The one of larger magnitude of two numbers, and the other one, with their signs; of equal magnitudes in either
/// order. Nothing is said of NaN.
template <class U>
AXFIRE_FN void by_magnitude(const U& a, const U& b, U& larger, U& smaller) {
    const auto magnitude = [](const U& x) { return bit_cast_lanes<SignedOf<U>>(x & 0x7fffffffu); };
    const U swap = mask_of(magnitude(a) < magnitude(b));
    larger = select(swap, b, a);
    smaller = select(swap, a, b);
}
/// floor(x) where `test` is not 0, else 0.
template <class U>
AXFIRE_FN U to_int_down_where(const U& test, const FloatOf<U>& x) {
    return select(eq(test, U{}), U{}, to_int_down<U>(x));
}
/// a - b where any of `bits` is set in `test`, else 0.
template <class U>
AXFIRE_FN U difference_where(const U& test, u32 bits, const U& a, const U& b) {
    return select(eq(test & bits, U{}), U{}, a - b);
}
/// True if any lane of `x` is above `limit` or any lane of `a` or `b` is NaN.
template <class U>
AXFIRE_FN bool any_above_or_nan(const U& x, u32 limit, const FloatOf<U>& a, const FloatOf<U>& b) {
    return any(lt(splat<U>(limit), x) | mask_of(a != a) | mask_of(b != b));
}
template <class U>
AXFIRE_FN u32 first_lane(const U& x) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return x;
    } else {
        return x[0];
    }
}
/// x with all bits below its leading one set.
template <class U>
AXFIRE_FN U smear_down(U x) {
    for (u32 distance = 1; distance < 32; distance *= 2) {
        x |= x >> distance;
    }
    return x;
}

/// Not 0 where x, read as signed and from -2^15 to 2^15, is negative or above the limit.
template <class U>
AXFIRE_FN U outside(const U& x, u32 limit) {
    return (x | (limit - x)) & 0x80000000u;
}

/// In each lane the product of the lower halves plus that of the upper ones, all four below 2^15.
template <class U>
AXFIRE_FN U add_products(const U& a, const U& b) {
    return (a & 0xffffu) * (b & 0xffffu) + (a >> 16) * (b >> 16);
}

#if defined(__AVX512F__) && !defined(__CUDACC__)
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
AXFIRE_FN U32x16 to_int_down_where(const U32x16& test, const Vector<16>::Float& x) {
    return (U32x16)_mm512_maskz_cvt_roundps_epi32(_mm512_test_epi32_mask(native(test), native(test)), (__m512)x,
                                                  _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
AXFIRE_FN U32x16 difference_where(const U32x16& test, u32 bits, const U32x16& a, const U32x16& b) {
    const __mmask16 mask = _mm512_test_epi32_mask(native(test), native(splat<U32x16>(bits)));
    return (U32x16)_mm512_maskz_sub_epi32(mask, native(a), native(b));
}
AXFIRE_FN bool any_above_or_nan(const U32x16& x, u32 limit, const Vector<16>::Float& a, const Vector<16>::Float& b) {
    const __mmask16 above = _mm512_cmpgt_epu32_mask(native(x), native(splat<U32x16>(limit)));
    return !_kortestz_mask16_u8(above, _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_UNORD_Q));
}
#endif
#if defined(__AVX512DQ__) && !defined(__CUDACC__)
AXFIRE_FN void by_magnitude(const U32x16& a, const U32x16& b, U32x16& larger, U32x16& smaller) {
    constexpr int kSignOfResult = 4, kMinimum = 2, kMaximum = 3;  // of magnitudes
    larger = (U32x16)_mm512_range_ps((__m512)a, (__m512)b, kSignOfResult | kMaximum);
    smaller = (U32x16)_mm512_range_ps((__m512)a, (__m512)b, kSignOfResult | kMinimum);
}
#endif
#if defined(__AVX512CD__) && !defined(__CUDACC__)
AXFIRE_FN U32x16 smear_down(const U32x16& x) {
    return shift_right(splat<U32x16>(~0u), (U32x16)_mm512_lzcnt_epi32(native(x)));
}
#endif
#if defined(__AVX512BW__) && !defined(__CUDACC__)
AXFIRE_FN U32x16 outside(const U32x16& x, u32 limit) {
    return (U32x16)_mm512_subs_epu16(native(x), native(splat<U32x16>(limit)));
}
AXFIRE_FN U32x16 add_products(const U32x16& a, const U32x16& b) {
    return (U32x16)_mm512_madd_epi16(native(a), native(b));
}
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
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
AXFIRE_FN U32x8 outside(const U32x8& x, u32 limit) {
    return (U32x8)_mm256_subs_epu16(native(x), native(splat<U32x8>(limit)));
}
AXFIRE_FN U32x8 add_products(const U32x8& a, const U32x8& b) {
    return (U32x8)_mm256_madd_epi16(native(a), native(b));
}
#endif
#if defined(__SSE2__) && !defined(__CUDACC__)
AXFIRE_FN __m128i native(const U32x4& x) {
    return (__m128i)x;
}
AXFIRE_FN bool any(const U32x4& x) {
    return _mm_movemask_epi8(_mm_cmpeq_epi8(native(x), __m128i{})) != 0xffff;
}
AXFIRE_FN U32x4 outside(const U32x4& x, u32 limit) {
    return (U32x4)_mm_subs_epu16(native(x), native(splat<U32x4>(limit)));
}
AXFIRE_FN U32x4 add_products(const U32x4& a, const U32x4& b) {
    return (U32x4)_mm_madd_epi16(native(a), native(b));
}
#endif

/// Index of the leading one of x, for 0 < x < 2^31; 0 for x = 0 is not defined. Clearing the bit below a leading one
/// keeps the conversion from rounding up to the next power of two.
template <class U>
AXFIRE_FN U leading_one(const U& x) {
    return (as_bits<U>(to_float(x & ~(x >> 1))) >> 23) - 127u;
}

#if defined(__AVX512CD__) && !defined(__CUDACC__)
AXFIRE_FN U32x16 leading_one(const U32x16& x) {
    return 31u - (U32x16)_mm512_lzcnt_epi32(native(x));
}
#endif

/// table[index] in each lane.
template <class T, class U>
AXFIRE_FN U lookup(const T* table, const U& index) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return table[index];
    } else {
        u32 at[LaneTraits<U>::kWidth];
        u32 found[LaneTraits<U>::kWidth];
        memcpy(at, &index, sizeof at);
        for (unsigned i = 0; i < LaneTraits<U>::kWidth; ++i) {
            found[i] = table[at[i]];
        }
        U r;
        memcpy(&r, found, sizeof r);
        return r;
    }
}

#if defined(__AVX512F__) && !defined(__CUDACC__)
AXFIRE_FN U32x16 lookup(const u32* table, const U32x16& index) {
    return (U32x16)_mm512_i32gather_epi32(native(index), table, 4);
}
/// Of a table whose size is a multiple of 4.
AXFIRE_FN U32x16 lookup(const unsigned char* table, const U32x16& index) {
    const U32x16 four = (U32x16)_mm512_i32gather_epi32(native(index & ~3u), table, 1);
    return (four >> ((index & 3u) << 3)) & 0xffu;
}
#endif
#if defined(__AVX2__) && !defined(__CUDACC__)
AXFIRE_FN U32x8 lookup(const u32* table, const U32x8& index) {
    return (U32x8)_mm256_i32gather_epi32(reinterpret_cast<const int*>(table), native(index), 4);
}
AXFIRE_FN U32x8 lookup(const unsigned char* table, const U32x8& index) {
    const U32x8 four = (U32x8)_mm256_i32gather_epi32(reinterpret_cast<const int*>(table), native(index & ~3u), 1);
    return (four >> ((index & 3u) << 3)) & 0xffu;
}
#endif

}  // namespace axfire
