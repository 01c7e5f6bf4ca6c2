// SPDX-License-Identifier: Apache-2.0
// Instructions whose result PTX defines only up to an error: computed in binary64 and rounded, so within that error,
// but not with the bits of any device.
#include "tests/support/cuda_double/ptx/lanes.h"
#include "tests/support/cuda_double/ptx/rounding.h"

namespace axfire::cuda_double {

namespace {

struct ReciprocalRoot {
    static double of(double x) { return 1 / std::sqrt(x); }
};

struct Exp2 {
    static double of(double x) { return std::exp2(x); }
};

struct Log2 {
    static double of(double x) { return std::log2(x); }
};

struct Sin {
    static double of(double x) { return std::sin(x); }
};

struct Cos {
    static double of(double x) { return std::cos(x); }
};

struct Tanh {
    static double of(double x) { return std::tanh(x); }
};

template <class Op, bool kFlush>
struct OnBits {
    static u32 of(u32 a) {
        return to_bits<float, kFlush>(static_cast<float>(Op::of(static_cast<double>(from_bits<float, kFlush>(a)))));
    }
};

template <class Op>
void decode_function(Decode& d) {
    d.need_one_of({"approx"});
    const bool flush = d.take("ftz");
    const Type type = d.type();
    if (type == kF32) {
        d.i.run = flush ? unary<OnBits<Op, true>, u32, u32> : unary<OnBits<Op, false>, u32, u32>;
    }
    d.operands(type, 1);
}

}  // namespace

void add_approximate_instructions(DecoderTable& table) {
    table["rsqrt"] = decode_function<ReciprocalRoot>;
    table["ex2"] = decode_function<Exp2>;
    table["lg2"] = decode_function<Log2>;
    table["sin"] = decode_function<Sin>;
    table["cos"] = decode_function<Cos>;
    table["tanh"] = decode_function<Tanh>;
}

}  // namespace axfire::cuda_double
