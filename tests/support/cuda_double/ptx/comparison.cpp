// SPDX-License-Identifier: Apache-2.0
// Comparisons, and choices by predicate.
#include "tests/support/cuda_double/ptx/lanes.h"
#include "tests/support/cuda_double/ptx/rounding.h"

namespace axfire::cuda_double {

namespace {

enum Comparison : u8 { kEq, kNe, kLt, kLe, kGt, kGe, kEqu, kNeu, kLtu, kLeu, kGtu, kGeu, kNum, kNan };

/// The ordered comparisons are false for a NaN, those that end in u true.
template <Comparison kOp, class T>
bool compare(T a, T b) {
    const bool unordered = a != a || b != b;
    switch (kOp) {
        case kEq:
            return a == b;
        case kNe:
            return a != b && !unordered;
        case kLt:
            return a < b;
        case kLe:
            return a <= b;
        case kGt:
            return a > b;
        case kGe:
            return a >= b;
        case kEqu:
            return a == b || unordered;
        case kNeu:
            return a != b;
        case kLtu:
            return !(a >= b);
        case kLeu:
            return !(a > b);
        case kGtu:
            return !(a <= b);
        case kGeu:
            return !(a < b);
        case kNum:
            return !unordered;
        default:
            return unordered;
    }
}

template <Comparison kOp, class Bits, class T, bool kFlush>
u32 compare_lanes(Warp& w, const Instruction& i) {
    const Bits* a = w.lanes<Bits>(i.in[0]);
    const Bits* b = w.lanes<Bits>(i.in[1]);
    u32 result = 0;
    for (u32 lane = 0; lane < kLanes; ++lane) {
        if constexpr (std::is_integral_v<T>) {
            result |= static_cast<u32>(compare<kOp, T>(a[lane], b[lane])) << lane;
        } else {
            result |= static_cast<u32>(compare<kOp, T>(from_bits<T, kFlush>(a[lane]), from_bits<T, kFlush>(b[lane])))
                      << lane;
        }
    }
    return result;
}

enum Combination : u8 { kAlone, kAnd, kOr, kXor };

u32 combined(Warp& w, const Instruction& i, u32 result) {
    switch (i.option) {
        case kAnd:
            return result & w.predicate(i.in[2], i.negated[2]);
        case kOr:
            return result | w.predicate(i.in[2], i.negated[2]);
        case kXor:
            return result ^ w.predicate(i.in[2], i.negated[2]);
        default:
            return result;
    }
}

template <Comparison kOp, class Bits, class T, bool kFlush>
void set_predicate(Warp& w, const Instruction& i, u32 mask) {
    const u32 result = compare_lanes<kOp, Bits, T, kFlush>(w, i);
    const u32 both[] = {combined(w, i, result), combined(w, i, ~result)};
    w.write_predicate(i.out[0], both[0], mask);
    w.write_predicate(i.out[1], both[1], mask);
}

/// set: all ones, or 1.0, where true.
template <Comparison kOp, class Bits, class T, bool kFlush>
void set_register(Warp& w, const Instruction& i, u32 mask) {
    const u32 result = combined(w, i, compare_lanes<kOp, Bits, T, kFlush>(w, i));
    const u32 truth = i.extends_sign ? kAllLanes : std::bit_cast<u32>(1.0f);
    u32 r[kLanes];
    for (u32 lane = 0; lane < kLanes; ++lane) {
        r[lane] = (result >> lane & 1) != 0 ? truth : 0;
    }
    w.write(i.out[0], r, mask);
}

template <bool kRegister, Comparison kOp, class Bits, class T, bool kFlush>
constexpr Handler kSet = kRegister ? set_register<kOp, Bits, T, kFlush> : set_predicate<kOp, Bits, T, kFlush>;

template <bool kRegister, class Bits, class T, bool kFlush>
Handler choose(int op) {
    if constexpr (std::is_integral_v<T>) {
        constexpr Handler kHandlers[] = {kSet<kRegister, kEq, Bits, T, false>, kSet<kRegister, kNe, Bits, T, false>,
                                         kSet<kRegister, kLt, Bits, T, false>, kSet<kRegister, kLe, Bits, T, false>,
                                         kSet<kRegister, kGt, Bits, T, false>, kSet<kRegister, kGe, Bits, T, false>};
        return op < 6 ? kHandlers[op] : nullptr;
    } else {
        constexpr Handler kHandlers[] = {
            kSet<kRegister, kEq, Bits, T, kFlush>,  kSet<kRegister, kNe, Bits, T, kFlush>,
            kSet<kRegister, kLt, Bits, T, kFlush>,  kSet<kRegister, kLe, Bits, T, kFlush>,
            kSet<kRegister, kGt, Bits, T, kFlush>,  kSet<kRegister, kGe, Bits, T, kFlush>,
            kSet<kRegister, kEqu, Bits, T, kFlush>, kSet<kRegister, kNeu, Bits, T, kFlush>,
            kSet<kRegister, kLtu, Bits, T, kFlush>, kSet<kRegister, kLeu, Bits, T, kFlush>,
            kSet<kRegister, kGtu, Bits, T, kFlush>, kSet<kRegister, kGeu, Bits, T, kFlush>,
            kSet<kRegister, kNum, Bits, T, kFlush>, kSet<kRegister, kNan, Bits, T, kFlush>};
        return kHandlers[op];
    }
}

template <bool kRegister>
Handler choose(Type type, int op, bool flush) {
    if (type == kF32) {
        return flush ? choose<kRegister, u32, float, true>(op) : choose<kRegister, u32, float, false>(op);
    }
    if (type == kF64 && !flush) {
        return choose<kRegister, u64, double, false>(op);
    }
    return flush ? nullptr
                 : for_integer(type, [op]<class T>() -> Handler { return choose<kRegister, T, T, false>(op); });
}

/// The comparison as in the table of PTX; lo, ls, hi, hs compare as unsigned, whatever the type says.
int decode_comparison(Decode& d, bool& is_unsigned) {
    const int op =
        d.take_one_of({"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"});
    if (op >= 0) {
        return op;
    }
    is_unsigned = true;
    return kLt + d.need_one_of({"lo", "ls", "hi", "hs"});
}

template <bool kRegister>
void decode_set(Decode& d) {
    bool is_unsigned = false;
    const int op = decode_comparison(d, is_unsigned);
    d.i.option = static_cast<u8>(1 + d.take_one_of({"and", "or", "xor"}));
    const bool flush = d.take("ftz");
    if (kRegister) {
        const Type result = d.type();
        d.i.extends_sign = !result.is_float();
        d.out(0, 4);
        if (result.bytes != 4) {
            d.fail("the interpreter does not know it with this type");
        }
    } else {
        d.out_pair(0, 0);
    }
    Type type = d.type();
    type.kind = is_unsigned ? Kind::unsigned_integer : type.kind;
    d.i.run = choose<kRegister>(type, op, flush);
    d.in(1, type.bytes, 0);
    d.in(2, type.bytes, 1);
    if (d.i.option != kAlone) {
        d.in_predicate(3, 2);
    }
}

template <class T>
void select(Warp& w, const Instruction& i, u32 mask) {
    const T* a = w.lanes<T>(i.in[0]);
    const T* b = w.lanes<T>(i.in[1]);
    const u32 p = w.predicate(i.in[2], i.negated[2]);
    T r[kLanes];
    for (u32 lane = 0; lane < kLanes; ++lane) {
        r[lane] = (p >> lane & 1) != 0 ? a[lane] : b[lane];
    }
    w.write(i.out[0], r, mask);
}

void decode_select(Decode& d) {
    const Type type = d.type();
    d.i.run = for_bits(type, []<class T>() -> Handler { return select<T>; });
    d.out(0, type.bytes);
    d.in(1, type.bytes, 0);
    d.in(2, type.bytes, 1);
    d.in_predicate(3, 2);
}

/// slct: a where c >= 0, b elsewhere and for a NaN.
struct SelectByInteger {
    template <class T>
    static T of(T a, T b, u32 c) {
        return static_cast<s32>(c) >= 0 ? a : b;
    }
};

template <bool kFlush>
struct SelectByFloat {
    template <class T>
    static T of(T a, T b, u32 c) {
        return from_bits<float, kFlush>(c) >= 0 ? a : b;
    }
};

void decode_slct(Decode& d) {
    const bool flush = d.take("ftz");
    const Type type = d.type();
    const Type by = d.type();
    if (by == kF32) {
        d.i.run =
            flush ? for_bits(type, []<class T>() -> Handler { return ternary<SelectByFloat<true>, T, T, T, u32>; })
                  : for_bits(type, []<class T>() -> Handler { return ternary<SelectByFloat<false>, T, T, T, u32>; });
    } else if (by == Type{Kind::signed_integer, 4}) {
        d.i.run = for_bits(type, []<class T>() -> Handler { return ternary<SelectByInteger, T, T, T, u32>; });
    }
    d.out(0, type.bytes);
    d.in(1, type.bytes, 0);
    d.in(2, type.bytes, 1);
    d.in(3, 4, 2);
}

enum Property : u8 { kFinite, kInfinite, kNumber, kNotANumber, kNormal, kSubnormal };

template <class T>
void test_property(Warp& w, const Instruction& i, u32 mask) {
    using F = FloatBits<T>;
    const auto* a = w.lanes<typename F::Bits>(i.in[0]);
    u32 result = 0;
    for (u32 lane = 0; lane < kLanes; ++lane) {
        const auto magnitude = a[lane] & ~F::kSign;
        const bool is_finite = magnitude < F::kExponent;
        const bool is_small = (magnitude & F::kExponent) == 0;
        const bool truths[] = {is_finite,
                               magnitude == F::kExponent,
                               magnitude <= F::kExponent,
                               magnitude > F::kExponent,
                               is_finite && !is_small,
                               is_small && magnitude != 0};
        result |= static_cast<u32>(truths[i.option]) << lane;
    }
    w.write_predicate(i.out[0], result, mask);
}

void decode_testp(Decode& d) {
    d.i.option = static_cast<u8>(d.need_one_of({"finite", "infinite", "number", "notanumber", "normal", "subnormal"}));
    const Type type = d.type();
    d.i.run = type == kF32 ? test_property<float> : type == kF64 ? test_property<double> : nullptr;
    d.out_predicate(0);
    d.in(1, type.bytes, 0);
}

}  // namespace

void add_comparison_instructions(DecoderTable& table) {
    table["setp"] = decode_set<false>;
    table["set"] = decode_set<true>;
    table["selp"] = decode_select;
    table["slct"] = decode_slct;
    table["testp"] = decode_testp;
}

}  // namespace axfire::cuda_double
