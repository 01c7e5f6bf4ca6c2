// SPDX-License-Identifier: Apache-2.0
// The lane types that every unit is templated on, u32 (the reference, and device code) and vectors of u32, and masks.
#pragma once

#include <cstdint>
#include <cstring>

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

/// True where the processor converts lanes to binary16 and back: `through_binary16(x)`, to the nearest.
template <class U>
inline constexpr bool kHasBinary16 = false;

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

/// Each lane of a vector converted as the language converts numbers.
template <class To, class From>
AXFIRE_FN To convert_lanes(const From& x) {
#if defined(__CUDACC__)
    return static_cast<To>(x);
#else
    return __builtin_convertvector(x, To);
#endif
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

}  // namespace axfire
