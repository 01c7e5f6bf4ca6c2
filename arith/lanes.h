// SPDX-License-Identifier: Apache-2.0
// Operations over lanes.
//
// A unit is written once, branch-free and unsigned, over a lane type U. With U = u32 it is plain C++ that CUDA
// compiles too; with U = a GCC vector it is SIMD code of the same bits. What the compiler does not find by itself has
// overloads for the instruction sets that have it in one instruction; they come first, since templates find only the
// overloads for vectors that stand before them.
#pragma once

#include "arith/lane_types.h"

#if defined(__SSE2__) && !defined(__CUDACC__)
#include "arith/lanes_x86.h"
#endif

namespace axfire {

template <class U>
AXFIRE_FN U min_lanes(const U& a, const U& b) {
    return select(lt(a, b), a, b);
}
template <class U>
AXFIRE_FN U max_lanes(const U& a, const U& b) {
    return select(lt(a, b), b, a);
}

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
        return convert_lanes<FloatOf<U>>(bit_cast_lanes<SignedOf<U>>(x));
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
        const SignedOf<U> whole = convert_lanes<SignedOf<U>>(x);
        return bit_cast_lanes<U>(whole) + mask_of(convert_lanes<FloatOf<U>>(whole) > x);
    }
}
/// The bits of float(x) toward zero, for x in two's complement of at most 2^25 in magnitude.
template <class U>
AXFIRE_FN U float_bits_truncated(const U& x) {
    return as_bits<U>(to_float_truncated(absolute(x))) | (x & 0x80000000u);
}
/// Those of `bits` that are set in a and b.
template <class U>
AXFIRE_FN U common_bits(const U& a, const U& b, u32 bits) {
    return a & b & bits;
}
/// a | b without those of `bits` that are set in both.
template <class U>
AXFIRE_FN U either_but_common(const U& a, const U& b, u32 bits) {
    return (a | b) & ~(a & b & bits);
}
/// sum - a * b, where that product is exact.
template <class F>
AXFIRE_FN F less_exact_product(const F& sum, const F& a, const F& b) {
    return sum - a * b;
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
/// floor(x) where any of `bits` is set in `test`, else 0.
template <class U>
AXFIRE_FN U to_int_down_where(const U& test, u32 bits, const FloatOf<U>& x) {
    return select(eq(test & bits, U{}), U{}, to_int_down<U>(x));
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
/// Lane i of x, read and set.
template <class U>
AXFIRE_FN u32 lane(const U& x, u32 i) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return x;
    } else {
        return x[i];
    }
}
template <class U>
AXFIRE_FN void set_lane(U& x, u32 i, u32 value) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        x = value;
    } else {
        x[i] = value;
    }
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

/// In each lane the product of the lower halves plus that of the upper ones, all four below 2^15.
template <class U>
AXFIRE_FN U add_products(const U& a, const U& b) {
    return (a & 0xffffu) * (b & 0xffffu) + (a >> 16) * (b >> 16);
}

/// Index of the leading one of x, for 0 < x < 2^31; 0 for x = 0 is not defined. Clearing the bit below a leading one
/// keeps the conversion from rounding up to the next power of two.
template <class U>
AXFIRE_FN U leading_one(const U& x) {
    return (as_bits<U>(to_float(x & ~(x >> 1))) >> 23) - 127u;
}

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

/// Of 128 entries the one that bits 16 to 22 name, in the upper half of each lane, above zeros.
template <class U>
AXFIRE_FN U lookup_upper(const std::uint16_t* entries, const U& x) {
    return lookup(entries, (x >> 16) & 127u) << 16;
}

/// True if any lane of `a`, `b` or `product` is subnormal, or any of `product` infinite or NaN.
template <class U>
AXFIRE_FN bool any_strange_product(const U& a, const U& b, const U& product) {
    const auto magnitude = [](const U& x) { return x & 0x7fffffffu; };
    const auto subnormal = [&](const U& x) { return lt(magnitude(x) - 1u, splat<U>(0x7fffffu)); };
    return any(subnormal(a) | subnormal(b) | subnormal(product) | lt(splat<U>(0x7f7fffffu), magnitude(product)));
}
/// The same of a product between `least` and `most`; or `least` is 0 and neither `a` nor `b` is.
template <class U>
AXFIRE_FN bool any_strange_product(const U& a, const U& b, const U& least, const U& most) {
    const auto zero = [](const U& x) { return eq(x & 0x7fffffffu, U{}); };
    return any_strange_product(a, b, least) || any_strange_product(U{}, U{}, most) ||
           any(zero(least) & ~zero(a) & ~zero(b));
}

}  // namespace axfire
