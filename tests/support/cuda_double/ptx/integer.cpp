// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic.
#include <algorithm>
#include <limits>

#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

struct Add {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
    }
};

struct Sub {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
    }
};

s32 clamp32(s64 x) {
    return static_cast<s32>(std::clamp<s64>(x, std::numeric_limits<s32>::min(), std::numeric_limits<s32>::max()));
}

struct AddSaturated {
    static s32 of(s32 a, s32 b) { return clamp32(s64{a} + b); }
};

struct SubSaturated {
    static s32 of(s32 a, s32 b) { return clamp32(s64{a} - b); }
};

struct MulLow {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
    }
};

struct MulHigh {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>((static_cast<Twice<T>>(a) * static_cast<Twice<T>>(b)) >> (8 * sizeof(T)));
    }
};

struct MulWide {
    template <class T>
    static Twice<T> of(T a, T b) {
        return static_cast<Twice<T>>(static_cast<Twice<T>>(a) * static_cast<Twice<T>>(b));
    }
};

template <class Product>
struct MulAdd {
    template <class T, class R>
    static R of(T a, T b, R c) {
        return Add::of<R>(static_cast<R>(Product::of(a, b)), c);
    }
};

/// 24-bit factors.
struct Mul24 {
    static s64 product(s32 a, s32 b) {
        return s64{static_cast<s32>(static_cast<u32>(a) << 8) >> 8} * (static_cast<s32>(static_cast<u32>(b) << 8) >> 8);
    }
    static u64 product(u32 a, u32 b) { return u64{a & 0xffffffu} * (b & 0xffffffu); }
};

struct Mul24Low {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(Mul24::product(a, b));
    }
};

struct Mul24High {
    template <class T>
    static T of(T a, T b) {
        return static_cast<T>(Mul24::product(a, b) >> 16);
    }
};

/// By zero: all bits, as devices give (PTX leaves it open).
struct Div {
    template <class T>
    static T of(T a, T b) {
        if (b == 0) {
            return static_cast<T>(~T{0});
        }
        if (std::is_signed_v<T> && b == static_cast<T>(-1)) {
            return Sub::of<T>(0, a);
        }
        return static_cast<T>(a / b);
    }
};

struct Rem {
    template <class T>
    static T of(T a, T b) {
        if (b == 0) {
            return a;
        }
        return std::is_signed_v<T> && b == static_cast<T>(-1) ? T{0} : static_cast<T>(a % b);
    }
};

struct Min {
    template <class T>
    static T of(T a, T b) {
        return a < b ? a : b;
    }
};

struct Max {
    template <class T>
    static T of(T a, T b) {
        return a < b ? b : a;
    }
};

struct Neg {
    template <class T>
    static T of(T a) {
        return Sub::of<T>(0, a);
    }
};

struct Abs {
    template <class T>
    static T of(T a) {
        return a < 0 ? Neg::of(a) : a;
    }
};

/// |a - b| + c
struct Sad {
    template <class T>
    static T of(T a, T b, T c) {
        return Add::of<T>(c, a < b ? Sub::of<T>(b, a) : Sub::of<T>(a, b));
    }
};

template <class A, class B>
struct Dp4a {
    static u32 of(u32 a, u32 b, u32 c) {
        for (u32 k = 0; k < 4; ++k) {
            c += static_cast<u32>(s32{static_cast<A>(a >> (8 * k))} * s32{static_cast<B>(b >> (8 * k))});
        }
        return c;
    }
};

/// Two 16-bit halves of a times the low or the high two bytes of b.
template <class A, class B, u32 kShift>
struct Dp2a {
    static u32 of(u32 a, u32 b, u32 c) {
        for (u32 k = 0; k < 2; ++k) {
            c += static_cast<u32>(s32{static_cast<A>(a >> (16 * k))} * s32{static_cast<B>(b >> (8 * k + kShift))});
        }
        return c;
    }
};

template <class Op, class Saturated>
void decode_sum(Decode& d) {
    const Type type = d.type();
    if (decode_float_arithmetic(d, type)) {
        return;
    }
    if (d.take("cc")) {
        d.fail("carries are decoded elsewhere");
    }
    if (d.take("sat")) {
        d.i.run = type == Type{Kind::signed_integer, 4} ? binary<Saturated, s32, s32, s32> : nullptr;
    } else {
        d.i.run = integer_binary<Op>(type);
    }
    d.operands(type, 2);
}

void decode_mul(Decode& d) {
    const Type type = d.type();
    if (decode_float_arithmetic(d, type)) {
        return;
    }
    const int part = d.need_one_of({"lo", "hi", "wide"});
    if (part == 0) {
        d.i.run = integer_binary<MulLow>(type);
    } else if (part == 1) {
        d.i.run = integer_binary<MulHigh>(type);
    } else if (type.bytes < 8) {
        d.i.run = for_integer(type, []<class T>() -> Handler { return binary<MulWide, Twice<T>, T, T>; });
    }
    d.out(0, part == 2 ? 2u * type.bytes : type.bytes);
    d.in(1, type.bytes, 0);
    d.in(2, type.bytes, 1);
}

void decode_mad(Decode& d) {
    const Type type = d.type();
    if (decode_float_arithmetic(d, type)) {
        return;
    }
    const int part = d.need_one_of({"lo", "hi", "wide"});
    if (part == 0) {
        d.i.run = integer_ternary<MulAdd<MulLow>>(type);
    } else if (part == 1) {
        d.i.run = integer_ternary<MulAdd<MulHigh>>(type);
    } else if (type.bytes < 8) {
        d.i.run =
            for_integer(type, []<class T>() -> Handler { return ternary<MulAdd<MulWide>, Twice<T>, T, T, Twice<T>>; });
    }
    const u32 result = part == 2 ? 2u * type.bytes : type.bytes;
    d.out(0, result);
    d.in(1, type.bytes, 0);
    d.in(2, type.bytes, 1);
    d.in(3, result, 2);
}

void decode_mul24(Decode& d) {
    const Type type = d.type();
    const bool high = d.need_one_of({"lo", "hi"}) == 1;
    if (type.is_integer() && type.bytes == 4) {
        d.i.run = type.is_signed() ? high ? binary<Mul24High, s32, s32, s32> : binary<Mul24Low, s32, s32, s32>
                  : high ? binary<Mul24High, u32, u32, u32>
                                   : binary<Mul24Low, u32, u32, u32>;
    }
    d.operands(type, 2);
}

void decode_mad24(Decode& d) {
    const Type type = d.type();
    const bool high = d.need_one_of({"lo", "hi"}) == 1;
    if (type.is_integer() && type.bytes == 4) {
        d.i.run = type.is_signed() ? high ? ternary<MulAdd<Mul24High>, s32, s32, s32, s32>
                                          : ternary<MulAdd<Mul24Low>, s32, s32, s32, s32>
                  : high ? ternary<MulAdd<Mul24High>, u32, u32, u32, u32>
                                   : ternary<MulAdd<Mul24Low>, u32, u32, u32, u32>;
    }
    d.operands(type, 3);
}

template <class Op, u32 kInputs>
void decode_plain(Decode& d) {
    const Type type = d.type();
    if (decode_float_arithmetic(d, type)) {
        return;
    }
    if constexpr (kInputs == 1) {
        d.i.run = integer_unary<Op>(type);
    } else if constexpr (kInputs == 2) {
        d.i.run = integer_binary<Op>(type);
    } else {
        d.i.run = integer_ternary<Op>(type);
    }
    d.operands(type, kInputs);
}

template <template <class, class> class Op>
Handler dot_product(bool a_signed, bool b_signed) {
    return a_signed   ? b_signed ? Op<s16, s8>::handler() : Op<s16, u8>::handler()
             : b_signed ? Op<u16, s8>::handler()
                      : Op<u16, u8>::handler();
}

template <class A, class B>
struct LowPair {
    static Handler handler() { return ternary<Dp2a<A, B, 0>, u32, u32, u32, u32>; }
};

template <class A, class B>
struct HighPair {
    static Handler handler() { return ternary<Dp2a<A, B, 16>, u32, u32, u32, u32>; }
};

void decode_dp4a(Decode& d) {
    const bool a = d.type().is_signed();
    const bool b = d.type().is_signed();
    d.i.run = a   ? b ? ternary<Dp4a<s8, s8>, u32, u32, u32, u32> : ternary<Dp4a<s8, u8>, u32, u32, u32, u32>
                : b ? ternary<Dp4a<u8, s8>, u32, u32, u32, u32>
                  : ternary<Dp4a<u8, u8>, u32, u32, u32, u32>;
    d.operands(kB32, 3);
}

void decode_dp2a(Decode& d) {
    const bool a = d.type().is_signed();
    const bool b = d.type().is_signed();
    d.i.run = d.need_one_of({"lo", "hi"}) == 0 ? dot_product<LowPair>(a, b) : dot_product<HighPair>(a, b);
    d.operands(kB32, 3);
}

}  // namespace

void add_integer_instructions(DecoderTable& table) {
    table["mul"] = decode_mul;
    table["mul24"] = decode_mul24;
    table["mad24"] = decode_mad24;
    table["div"] = decode_plain<Div, 2>;
    table["rem"] = decode_plain<Rem, 2>;
    table["min"] = decode_plain<Min, 2>;
    table["max"] = decode_plain<Max, 2>;
    table["neg"] = decode_plain<Neg, 1>;
    table["abs"] = decode_plain<Abs, 1>;
    table["sad"] = decode_plain<Sad, 3>;
    table["dp4a"] = decode_dp4a;
    table["dp2a"] = decode_dp2a;
}

void decode_plain_add(Decode& d) {
    decode_sum<Add, AddSaturated>(d);
}

void decode_plain_sub(Decode& d) {
    decode_sum<Sub, SubSaturated>(d);
}

void decode_plain_mad(Decode& d) {
    decode_mad(d);
}

}  // namespace axfire::cuda_double
