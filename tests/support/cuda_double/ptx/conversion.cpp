// SPDX-License-Identifier: Apache-2.0
// cvt: between integers and floating-point numbers of all widths.
#include <algorithm>
#include <limits>

#include "tests/support/cuda_double/ptx/lanes.h"
#include "tests/support/cuda_double/ptx/narrow_float.h"
#include "tests/support/cuda_double/ptx/rounding.h"

namespace axfire::cuda_double {

namespace {

constexpr u8 kIntegral = 7;  ///< of option: how a number is rounded to an integer, 1 to 4; 0 for not
constexpr u8 kFlush = 8;
constexpr u8 kSaturate = 16;
constexpr u8 kModeShift = 5;  ///< above: how the result is rounded, in the order rn, rz, rm, rp

u64 extended(u64 bits, Type type) {
    const u32 unused = 64 - 8u * type.bytes;
    return type.is_signed() ? static_cast<u64>(static_cast<s64>(bits << unused) >> unused) : bits << unused >> unused;
}

double number(u64 bits, const Instruction& i) {
    const bool flush = (i.option & kFlush) != 0;
    if (i.from.kind == Kind::bfloat) {
        return from_narrow(static_cast<u16>(bits), kBfloat16);
    }
    switch (i.from.bytes) {
        case 2:
            return from_narrow(static_cast<u16>(bits), kBinary16);
        case 4: {
            const u32 low = static_cast<u32>(bits);
            return flush ? from_bits<float, true>(low) : from_bits<float, false>(low);
        }
        default:
            return std::bit_cast<double>(bits);
    }
}

/// Rounded to an integer, if the instruction says so; the host's mode is nearest even then.
double integral(double x, const Instruction& i) {
    switch (i.option & kIntegral) {
        case 1:
            return std::nearbyint(x);
        case 2:
            return std::trunc(x);
        case 3:
            return std::floor(x);
        case 4:
            return std::ceil(x);
        default:
            return x;
    }
}

u64 float_bits(double x, const Instruction& i) {
    const auto mode = static_cast<NarrowRounding>(i.option >> kModeShift);
    if ((i.option & kSaturate) != 0) {
        x = saturated(x);
    }
    if (i.to.kind == Kind::bfloat) {
        return to_narrow(x, kBfloat16, mode);
    }
    switch (i.to.bytes) {
        case 2:
            return to_narrow(x, kBinary16, mode);
        case 4: {
            const float narrow = static_cast<float>(x);
            return (i.option & kFlush) != 0 ? to_bits<float, true>(narrow) : to_bits<float, false>(narrow);
        }
        default:
            return to_bits<double, false>(x);
    }
}

/// Beyond the range: the nearest that there is. NaN: zero, or the highest bit alone where 64 bits or binary64 are
/// involved.
u64 integer_bits(double x, const Instruction& i) {
    const u32 bits = 8u * i.to.bytes;
    if (x != x) {
        return i.to.bytes == 8 || i.from.bytes == 8 ? u64{1} << (bits - 1) : 0;
    }
    if (i.to.is_signed()) {
        const double limit = std::ldexp(1.0, static_cast<int>(bits) - 1);
        const s64 least = static_cast<s64>(~u64{0} << (bits - 1));
        return static_cast<u64>(x >= limit ? ~least : x < -limit ? least : static_cast<s64>(x));
    }
    const double limit = std::ldexp(1.0, static_cast<int>(bits));
    return x >= limit ? ~u64{0} >> (64 - bits) : x > 0 ? static_cast<u64>(x) : 0;
}

u64 saturated_integer(u64 bits, const Instruction& i) {
    const u32 width = 8u * i.to.bytes;
    const __int128 value = i.from.is_signed() ? __int128{static_cast<s64>(bits)} : __int128{bits};
    const __int128 one = 1;
    const __int128 least = i.to.is_signed() ? -(one << (width - 1)) : 0;
    const __int128 most = (one << (i.to.is_signed() ? width - 1 : width)) - 1;
    return static_cast<u64>(std::clamp(value, least, most));
}

u64 converted(u64 bits, const Instruction& i) {
    if (i.from.is_float()) {
        const double x = integral(number(bits, i), i);
        return i.to.is_float() ? float_bits(x, i) : integer_bits(x, i);
    }
    const u64 value = extended(bits, i.from);
    if (!i.to.is_float()) {
        return extended((i.option & kSaturate) != 0 ? saturated_integer(value, i) : value, i.to);
    }
    if (i.to.bytes == 4) {  // not by way of binary64, which would round twice
        const float x = i.from.is_signed() ? static_cast<float>(static_cast<s64>(value)) : static_cast<float>(value);
        return std::bit_cast<u32>((i.option & kSaturate) != 0 ? saturated(x) : x);
    }
    return float_bits(i.from.is_signed() ? static_cast<double>(static_cast<s64>(value)) : static_cast<double>(value),
                      i);
}

/// Any conversion.
void convert(Warp& w, const Instruction& i, u32 mask) {
    for (u32 rest = mask; rest != 0; rest &= rest - 1) {
        const u32 lane = static_cast<u32>(std::countr_zero(rest));
        w.put(i.out[0], i.result_bytes, lane, converted(w.get(i.in[0], i.register_bytes, lane), i));
    }
}

template <class To>
struct Cast {
    template <class From>
    static To of(From x) {
        return static_cast<To>(x);
    }
};

struct CastToFloat {
    template <class From>
    static u32 of(From x) {
        return std::bit_cast<u32>(static_cast<float>(x));
    }
};

/// The frequent ones, between integers or from an integer to binary32, where registers are as wide as their types.
Handler quick(const Instruction& i) {
    if (i.register_bytes != i.from.bytes || i.result_bytes != i.to.bytes || !i.from.is_integer()) {
        return nullptr;
    }
    if (i.to == kF32) {
        return for_integer(i.from, []<class From>() -> Handler { return unary<CastToFloat, u32, From>; });
    }
    return for_integer(i.to, [&]<class To>() -> Handler {
        return for_integer(i.from, []<class From>() -> Handler { return unary<Cast<To>, To, From>; });
    });
}

void decode_cvt(Decode& d) {
    const int integral = d.take_one_of({"rni", "rzi", "rmi", "rpi"});
    d.i.to = d.type();
    d.i.from = d.type();
    const bool flush = d.take("ftz");
    const bool saturate = d.take("sat");
    d.i.result_bytes = d.out_any(d.operand(0), 0);
    d.i.register_bytes = d.in_any(d.operand(1), d.i.from.bytes, 0);
    if (d.i.result_bytes < d.i.to.bytes) {
        d.fail("the destination is too narrow");
    }
    if (d.i.from.is_float() && d.i.to.is_integer() && integral < 0) {
        d.fail("it needs a rounding to an integer");
    }
    if (d.i.to.is_float() && d.i.to.bytes == 2 && d.i.from.is_integer() && d.i.from.bytes == 8) {
        d.fail("the interpreter does not know it with this type");
    }
    d.i.run = flush || saturate ? nullptr : quick(d.i);
    d.i.run = d.i.run == nullptr ? convert : d.i.run;
    const int mode = d.peek_one_of({"rn", "rz", "rm", "rp"});
    d.i.option = static_cast<u8>((integral + 1) | (flush ? kFlush : 0) | (saturate ? kSaturate : 0) |
                                 (std::max(mode, 0) << kModeShift));
    decode_rounding(d);
}

}  // namespace

void add_conversion_instructions(DecoderTable& table) {
    table["cvt"] = decode_cvt;
}

}  // namespace axfire::cuda_double
