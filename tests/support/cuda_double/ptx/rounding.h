// SPDX-License-Identifier: Apache-2.0
// Floating-point numbers as PTX has them: rounding modes, flushing of subnormal numbers, NaN.
#pragma once

#include <bit>
#include <cmath>

#include "tests/support/cuda_double/ptx/decode.h"

namespace axfire::cuda_double {

/// The bits of every NaN that an operation on binary32 returns.
inline constexpr u32 kNanF32 = 0x7fffffffu;
/// PTX leaves the bits of a binary64 NaN open; it is always this one here.
inline constexpr u64 kNanF64 = 0x7fffffffffffffffu;

template <class T>
struct FloatBits;

template <>
struct FloatBits<float> {
    using Bits = u32;
    static constexpr u32 kNan = kNanF32;
    static constexpr u32 kSign = 0x80000000u;
    static constexpr u32 kExponent = 0x7f800000u;
};

template <>
struct FloatBits<double> {
    using Bits = u64;
    static constexpr u64 kNan = kNanF64;
    static constexpr u64 kSign = 0x8000000000000000u;
    static constexpr u64 kExponent = 0x7ff0000000000000u;
};

/// A register as a number, and back; kFlush makes subnormal numbers zeros of their sign.
template <class T, bool kFlush>
T from_bits(typename FloatBits<T>::Bits bits) {
    using F = FloatBits<T>;
    if (kFlush) {
        bits = (bits & F::kExponent) == 0 ? bits & F::kSign : bits;
    }
    return std::bit_cast<T>(bits);
}

template <class T, bool kFlush>
typename FloatBits<T>::Bits to_bits(T x) {
    using F = FloatBits<T>;
    typename F::Bits bits = std::bit_cast<typename F::Bits>(x);
    if (kFlush) {
        bits = (bits & F::kExponent) == 0 ? bits & F::kSign : bits;
    }
    return x != x ? F::kNan : bits;
}

/// To the range from +0 to 1; NaN and -0 become +0.
template <class T>
T saturated(T x) {
    return x > T{0} ? x < T{1} ? x : T{1} : T{0};
}

/// Takes .rn, .rz, .rm or .rp; the handler then runs under that mode.
void decode_rounding(Decode& d);

}  // namespace axfire::cuda_double
