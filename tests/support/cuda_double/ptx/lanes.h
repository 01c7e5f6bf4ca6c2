// SPDX-License-Identifier: Apache-2.0
// Instructions that treat every lane for itself: what the operation does to one lane makes the handler for all.
#pragma once

#include <type_traits>

#include "tests/support/cuda_double/ptx/decode.h"
#include "tests/support/cuda_double/ptx/warp.h"

namespace axfire::cuda_double {

/// An unsigned type in which sums and products wrap around without a promotion to int.
template <class T>
using Wrapping = std::conditional_t<sizeof(T) <= 4, u32, u64>;

/// Twice as wide, with the same sign.
template <class T>
using Twice = std::conditional_t<
    sizeof(T) == 1, std::conditional_t<std::is_signed_v<T>, s16, u16>,
    std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, s32, u32>,
                       std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, s64, u64>,
                                          std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>>>>;

/// out[0] = Op::of(in[0], ...) with a type for every operand.
template <class Op, class R, class A>
void unary(Warp& w, const Instruction& i, u32 mask) {
    const A* a = w.lanes<A>(i.in[0]);
    R r[kLanes];
    for (u32 lane = 0; lane < kLanes; ++lane) {
        r[lane] = Op::of(a[lane]);
    }
    w.write(i.out[0], r, mask);
}

template <class Op, class R, class A, class B>
void binary(Warp& w, const Instruction& i, u32 mask) {
    const A* a = w.lanes<A>(i.in[0]);
    const B* b = w.lanes<B>(i.in[1]);
    R r[kLanes];
    for (u32 lane = 0; lane < kLanes; ++lane) {
        r[lane] = Op::of(a[lane], b[lane]);
    }
    w.write(i.out[0], r, mask);
}

template <class Op, class R, class A, class B, class C>
void ternary(Warp& w, const Instruction& i, u32 mask) {
    const A* a = w.lanes<A>(i.in[0]);
    const B* b = w.lanes<B>(i.in[1]);
    const C* c = w.lanes<C>(i.in[2]);
    R r[kLanes];
    for (u32 lane = 0; lane < kLanes; ++lane) {
        r[lane] = Op::of(a[lane], b[lane], c[lane]);
    }
    w.write(i.out[0], r, mask);
}

template <class Op, class R, class A, class B, class C, class D>
void quaternary(Warp& w, const Instruction& i, u32 mask) {
    const A* a = w.lanes<A>(i.in[0]);
    const B* b = w.lanes<B>(i.in[1]);
    const C* c = w.lanes<C>(i.in[2]);
    const D* d = w.lanes<D>(i.in[3]);
    R r[kLanes];
    for (u32 lane = 0; lane < kLanes; ++lane) {
        r[lane] = Op::of(a[lane], b[lane], c[lane], d[lane]);
    }
    w.write(i.out[0], r, mask);
}

/// make.operator()<T>() for the C++ type of an integer of 16 to 64 bits; null for another type.
template <class Make>
Handler for_integer(Type type, Make make) {
    if (!type.is_integer()) {
        return nullptr;
    }
    const bool is_signed = type.is_signed();
    switch (type.bytes) {
        case 2:
            return is_signed ? make.template operator()<s16>() : make.template operator()<u16>();
        case 4:
            return is_signed ? make.template operator()<s32>() : make.template operator()<u32>();
        case 8:
            return is_signed ? make.template operator()<s64>() : make.template operator()<u64>();
        default:
            return nullptr;
    }
}

/// The same for its bits alone.
template <class Make>
Handler for_bits(Type type, Make make) {
    switch (type.bytes) {
        case 2:
            return make.template operator()<u16>();
        case 4:
            return make.template operator()<u32>();
        case 8:
            return make.template operator()<u64>();
        default:
            return nullptr;
    }
}

template <class Op>
Handler integer_unary(Type type) {
    return for_integer(type, []<class T>() -> Handler { return unary<Op, T, T>; });
}

template <class Op>
Handler integer_binary(Type type) {
    return for_integer(type, []<class T>() -> Handler { return binary<Op, T, T, T>; });
}

template <class Op>
Handler integer_ternary(Type type) {
    return for_integer(type, []<class T>() -> Handler { return ternary<Op, T, T, T, T>; });
}

/// Decodes an operation that shares its name with an integer one; false if the type is no float.
bool decode_float_arithmetic(Decode& d, Type type);

// add, sub and mad without .cc, of integers or floats.
void decode_plain_add(Decode& d);
void decode_plain_sub(Decode& d);
void decode_plain_mad(Decode& d);

}  // namespace axfire::cuda_double
