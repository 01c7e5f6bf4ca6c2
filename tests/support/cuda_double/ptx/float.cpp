// SPDX-License-Identifier: Apache-2.0
// Floating-point arithmetic in binary32 and binary64: the host's own operations, rounded once.
#include <limits>

#include "tests/support/cuda_double/ptx/lanes.h"
#include "tests/support/cuda_double/ptx/rounding.h"

namespace axfire::cuda_double {

namespace {

struct Add {
    template <class T>
    static T of(T a, T b) {
        return a + b;
    }
};

struct Sub {
    template <class T>
    static T of(T a, T b) {
        return a - b;
    }
};

struct Mul {
    template <class T>
    static T of(T a, T b) {
        return a * b;
    }
};

struct Div {
    template <class T>
    static T of(T a, T b) {
        return a / b;
    }
};

/// Rounded once.
struct Fma {
    template <class T>
    static T of(T a, T b, T c) {
        return std::fma(a, b, c);
    }
};

struct Sqrt {
    template <class T>
    static T of(T a) {
        return std::sqrt(a);
    }
};

struct Reciprocal {
    template <class T>
    static T of(T a) {
        return T{1} / a;
    }
};

struct Neg {
    template <class T>
    static T of(T a) {
        return -a;
    }
};

struct Abs {
    template <class T>
    static T of(T a) {
        return std::fabs(a);
    }
};

/// -0 is less than +0; a NaN gives way to a number unless kNan.
template <bool kMax, bool kNan>
struct Extreme {
    template <class T>
    static T of(T a, T b) {
        if (a != a || b != b) {
            return kNan || (a != a && b != b) ? std::numeric_limits<T>::quiet_NaN() : a != a ? b : a;
        }
        if (a == b) {
            return std::signbit(a) == kMax ? b : a;
        }
        return (a < b) == kMax ? b : a;
    }
};

template <class Op, class T, bool kFlush, bool kSaturate>
struct OnBits {
    using Bits = typename FloatBits<T>::Bits;

    template <class... A>
    static Bits of(A... a) {
        const T r = Op::template of<T>(from_bits<T, kFlush>(a)...);
        return to_bits<T, kFlush>(kSaturate ? saturated(r) : r);
    }
};

template <class Op, class T, bool kFlush, bool kSaturate>
Handler handler(u32 inputs) {
    using F = OnBits<Op, T, kFlush, kSaturate>;
    using B = typename F::Bits;
    if constexpr (requires(T x) { Op::template of<T>(x); }) {
        return inputs == 1 ? unary<F, B, B> : nullptr;
    } else if constexpr (requires(T x) { Op::template of<T>(x, x); }) {
        return inputs == 2 ? binary<F, B, B, B> : nullptr;
    } else {
        return inputs == 3 ? ternary<F, B, B, B, B> : nullptr;
    }
}

/// What all share: .rn and the like, .ftz, .sat, the types.
template <class Op>
void decode_operation(Decode& d, Type type, u32 inputs) {
    const bool flush = d.take("ftz");
    const bool saturate = d.take("sat");
    if (type == kF32) {
        d.i.run = flush ? saturate ? handler<Op, float, true, true>(inputs) : handler<Op, float, true, false>(inputs)
                  : saturate ? handler<Op, float, false, true>(inputs)
                             : handler<Op, float, false, false>(inputs);
    } else if (type == kF64 && !flush && !saturate) {
        d.i.run = handler<Op, double, false, false>(inputs);
    }
    decode_rounding(d);
    d.operands(type, inputs);
}

template <bool kMax>
void decode_extreme(Decode& d, Type type) {
    if (d.take("NaN")) {
        decode_operation<Extreme<kMax, true>>(d, type, 2);
    } else {
        decode_operation<Extreme<kMax, false>>(d, type, 2);
    }
}

template <class Op, u32 kInputs>
void decode_float(Decode& d) {
    const Type type = d.type();
    if (!type.is_float()) {
        d.fail("the interpreter does not know it with this type");
    }
    // Within the error that PTX allows, though not with the bits of any device.
    d.take_one_of({"approx", "full"});
    decode_operation<Op>(d, type, kInputs);
}

/// Of bits, not of numbers: NaN keeps its payload.
void decode_copysign(Decode& d) {
    struct Bits32 {
        static u32 of(u32 sign, u32 magnitude) { return (sign & 0x80000000u) | (magnitude & 0x7fffffffu); }
    };
    struct Bits64 {
        static u64 of(u64 sign, u64 magnitude) { return (sign & (u64{1} << 63)) | (magnitude & ~(u64{1} << 63)); }
    };
    const Type type = d.type();
    d.i.run = type == kF32 ? binary<Bits32, u32, u32, u32> : type == kF64 ? binary<Bits64, u64, u64, u64> : nullptr;
    d.operands(type, 2);
}

}  // namespace

bool decode_float_arithmetic(Decode& d, Type type) {
    if (!type.is_float()) {
        return false;
    }
    const std::string& name = d.name();
    if (name == "add") {
        decode_operation<Add>(d, type, 2);
    } else if (name == "sub") {
        decode_operation<Sub>(d, type, 2);
    } else if (name == "mul") {
        decode_operation<Mul>(d, type, 2);
    } else if (name == "mad") {
        decode_operation<Fma>(d, type, 3);
    } else if (name == "div") {
        d.take_one_of({"approx", "full"});
        decode_operation<Div>(d, type, 2);
    } else if (name == "min") {
        decode_extreme<false>(d, type);
    } else if (name == "max") {
        decode_extreme<true>(d, type);
    } else if (name == "neg") {
        decode_operation<Neg>(d, type, 1);
    } else if (name == "abs") {
        decode_operation<Abs>(d, type, 1);
    } else {
        d.fail("the interpreter does not know it with this type");
    }
    return true;
}

void add_float_instructions(DecoderTable& table) {
    table["fma"] = decode_float<Fma, 3>;
    table["sqrt"] = decode_float<Sqrt, 1>;
    table["rcp"] = decode_float<Reciprocal, 1>;
    table["copysign"] = decode_copysign;
}

}  // namespace axfire::cuda_double
