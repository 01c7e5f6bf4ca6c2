// SPDX-License-Identifier: Apache-2.0
// Logic, shifts and bit fields.
#include <algorithm>
#include <bit>

#include "tests/support/cuda_double/ptx/lanes.h"

namespace axfire::cuda_double {

namespace {

template <class T>
constexpr u32 kBits = 8 * sizeof(T);

struct And {
    template <class T>
    static T of(T a, T b) {
        return a & b;
    }
};

struct Or {
    template <class T>
    static T of(T a, T b) {
        return a | b;
    }
};

struct Xor {
    template <class T>
    static T of(T a, T b) {
        return a ^ b;
    }
};

struct Not {
    template <class T>
    static T of(T a) {
        return static_cast<T>(~a);
    }
};

struct LogicalNot {
    template <class T>
    static T of(T a) {
        return a == 0;
    }
};

struct Shl {
    template <class T>
    static T of(T a, u32 n) {
        return n >= kBits<T> ? T{0} : static_cast<T>(static_cast<Wrapping<T>>(a) << n);
    }
};

struct Shr {
    template <class T>
    static T of(T a, u32 n) {
        return n < kBits<T> ? static_cast<T>(a >> n) : static_cast<T>(a < 0 ? -1 : 0);
    }
};

/// 32 bits out of the 64 of high:low.
template <bool kLeft, bool kWrap>
struct FunnelShift {
    static u32 of(u32 low, u32 high, u32 n) {
        const u64 both = u64{high} << 32 | low;
        n = kWrap ? n & 31 : std::min(n, 32u);
        return static_cast<u32>(kLeft ? (both << n) >> 32 : both >> n);
    }
};

struct Lop3 {
    static u32 of(u32 a, u32 b, u32 c, u32 table) {
        u32 r = 0;
        for (u32 k = 0; k < 8; ++k) {
            const u32 row = ((k & 4) != 0 ? a : ~a) & ((k & 2) != 0 ? b : ~b) & ((k & 1) != 0 ? c : ~c);
            r |= row & (0u - (table >> k & 1));
        }
        return r;
    }
};

/// Bits pos to pos + len - 1; signed fields are extended from their highest bit, or the number's where it is beyond.
struct ExtractField {
    template <class T>
    static T of(T a, u32 pos, u32 len) {
        using U = std::make_unsigned_t<T>;
        pos &= 0xff;
        len &= 0xff;
        const u32 top = std::min(pos + len - 1, kBits<T> - 1);
        const bool fill = std::is_signed_v<T> && len != 0 && (static_cast<U>(a) >> top & 1) != 0;
        U field = pos < kBits<T> ? static_cast<U>(a) >> pos : 0;
        const u32 have = pos < kBits<T> ? std::min(len, kBits<T> - pos) : 0;
        if (have < kBits<T>) {
            const U keep = (U{1} << have) - 1;
            field = fill ? field | ~keep : field & keep;
        }
        return static_cast<T>(field);
    }
};

struct InsertField {
    template <class T>
    static T of(T a, T b, u32 pos, u32 len) {
        pos &= 0xff;
        len &= 0xff;
        if (pos >= kBits<T>) {
            return b;
        }
        const T ones = len >= kBits<T> ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << len) - 1);
        const T mask = static_cast<T>(ones << pos);
        return static_cast<T>((b & ~mask) | ((a << pos) & mask));
    }
};

struct CountLeadingZeros {
    template <class T>
    static u32 of(T a) {
        return static_cast<u32>(std::countl_zero(a));
    }
};

struct CountOnes {
    template <class T>
    static u32 of(T a) {
        return static_cast<u32>(std::popcount(a));
    }
};

struct Reverse {
    template <class T>
    static T of(T a) {
        T r = 0;
        for (u32 k = 0; k < kBits<T>; ++k) {
            r |= (a >> k & 1) << (kBits<T> - 1 - k);
        }
        return r;
    }
};

/// The place of the highest bit that differs from the sign, or how far it has to be shifted to the top.
template <bool kShift>
struct FindLeadingBit {
    template <class T>
    static u32 of(T a) {
        using U = std::make_unsigned_t<T>;
        const U bits = static_cast<U>(a < 0 ? ~a : a);
        const u32 zeros = static_cast<u32>(std::countl_zero(bits));
        return bits == 0 ? ~0u : kShift ? zeros : kBits<T> - 1 - zeros;
    }
};

/// A mask of len ones from bit pos upwards.
template <bool kWrap>
struct BitMask {
    static u32 of(u32 pos, u32 len) {
        pos = kWrap ? pos & 31 : std::min(pos, 32u);
        len = kWrap ? len & 31 : std::min(len, 32u);
        const u64 ones = (u64{1} << len) - 1;
        return static_cast<u32>(ones << pos);
    }
};

template <class Op>
void logic_predicate(Warp& w, const Instruction& i, u32 mask) {
    const u32 r = Op::of(w.predicate(i.in[0], i.negated[0]), w.predicate(i.in[1], i.negated[1]));
    w.write_predicate(i.out[0], r, mask);
}

void not_predicate(Warp& w, const Instruction& i, u32 mask) {
    w.write_predicate(i.out[0], ~w.predicate(i.in[0], i.negated[0]), mask);
}

template <class Op>
void decode_logic(Decode& d) {
    const Type type = d.type();
    if (type == kPred) {
        d.i.run = logic_predicate<Op>;
        d.out_predicate(0);
        d.in_predicate(1, 0);
        d.in_predicate(2, 1);
        return;
    }
    d.i.run = for_bits(type, []<class T>() -> Handler { return binary<Op, T, T, T>; });
    d.operands(type, 2);
}

void decode_not(Decode& d) {
    const Type type = d.type();
    if (type == kPred) {
        d.i.run = not_predicate;
        d.out_predicate(0);
        d.in_predicate(1, 0);
        return;
    }
    d.i.run = for_bits(type, []<class T>() -> Handler { return unary<Not, T, T>; });
    d.operands(type, 1);
}

template <class Op>
void decode_shift(Decode& d) {
    const Type type = d.type();
    d.i.run = for_integer(type, []<class T>() -> Handler { return binary<Op, T, T, u32>; });
    d.out(0, type.bytes);
    d.in(1, type.bytes, 0);
    d.in(2, 4, 1);
}

void decode_funnel_shift(Decode& d) {
    const bool left = d.need_one_of({"r", "l"}) == 1;
    const bool wrap = d.need_one_of({"clamp", "wrap"}) == 1;
    if (d.type() == kB32) {
        d.i.run = left   ? wrap ? ternary<FunnelShift<true, true>, u32, u32, u32, u32>
                                : ternary<FunnelShift<true, false>, u32, u32, u32, u32>
                    : wrap ? ternary<FunnelShift<false, true>, u32, u32, u32, u32>
                         : ternary<FunnelShift<false, false>, u32, u32, u32, u32>;
    }
    d.operands(kB32, 3);
}

void decode_lop3(Decode& d) {
    if (d.type() == kB32) {
        d.i.run = quaternary<Lop3, u32, u32, u32, u32, u32>;
    }
    d.operands(kB32, 4);
}

void decode_bfe(Decode& d) {
    const Type type = d.type();
    if (type.bytes >= 4) {
        d.i.run = for_integer(type, []<class T>() -> Handler { return ternary<ExtractField, T, T, u32, u32>; });
    }
    d.out(0, type.bytes);
    d.in(1, type.bytes, 0);
    d.in(2, 4, 1);
    d.in(3, 4, 2);
}

void decode_bfi(Decode& d) {
    const Type type = d.type();
    if (type.bytes >= 4) {
        d.i.run = for_bits(type, []<class T>() -> Handler { return quaternary<InsertField, T, T, T, u32, u32>; });
    }
    d.out(0, type.bytes);
    d.in(1, type.bytes, 0);
    d.in(2, type.bytes, 1);
    d.in(3, 4, 2);
    d.in(4, 4, 3);
}

template <class Op>
void decode_count(Decode& d) {
    const Type type = d.type();
    if (type.bytes >= 4) {
        d.i.run = for_bits(type, []<class T>() -> Handler { return unary<Op, u32, T>; });
    }
    d.out(0, 4);
    d.in(1, type.bytes, 0);
}

void decode_bfind(Decode& d) {
    const bool shift = d.take("shiftamt");
    const Type type = d.type();
    if (type.bytes >= 4) {
        d.i.run = shift ? for_integer(type, []<class T>() -> Handler { return unary<FindLeadingBit<true>, u32, T>; })
                        : for_integer(type, []<class T>() -> Handler { return unary<FindLeadingBit<false>, u32, T>; });
    }
    d.out(0, 4);
    d.in(1, type.bytes, 0);
}

template <class Op>
void decode_unary_bits(Decode& d) {
    const Type type = d.type();
    d.i.run = for_bits(type, []<class T>() -> Handler { return unary<Op, T, T>; });
    d.operands(type, 1);
}

void decode_bmsk(Decode& d) {
    const bool wrap = d.need_one_of({"clamp", "wrap"}) == 1;
    if (d.type() == kB32) {
        d.i.run = wrap ? binary<BitMask<true>, u32, u32, u32> : binary<BitMask<false>, u32, u32, u32>;
    }
    d.operands(kB32, 2);
}

}  // namespace

void add_bit_instructions(DecoderTable& table) {
    table["and"] = decode_logic<And>;
    table["or"] = decode_logic<Or>;
    table["xor"] = decode_logic<Xor>;
    table["not"] = decode_not;
    table["cnot"] = decode_unary_bits<LogicalNot>;
    table["brev"] = decode_unary_bits<Reverse>;
    table["shl"] = decode_shift<Shl>;
    table["shr"] = decode_shift<Shr>;
    table["shf"] = decode_funnel_shift;
    table["lop3"] = decode_lop3;
    table["bfe"] = decode_bfe;
    table["bfi"] = decode_bfi;
    table["clz"] = decode_count<CountLeadingZeros>;
    table["popc"] = decode_count<CountOnes>;
    table["bfind"] = decode_bfind;
    table["bmsk"] = decode_bmsk;
}

}  // namespace axfire::cuda_double
