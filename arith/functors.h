// SPDX-License-Identifier: Apache-2.0
// Adders and multipliers as the kernels take them: `add(acc, x)` and `mul(a, b)` over lanes.
//
// A functor with a constant spec folds into the few instructions that its unit needs; one that holds its spec works for
// every unit without being compiled for it.
#pragma once

#include "arith/fp_add.h"
#include "arith/fp_mul.h"

#ifndef AXFIRE_ISA
#define AXFIRE_ISA baseline
#endif

namespace axfire::AXFIRE_ISA {

/// The lane type of the instruction set that this file is compiled for.
#if defined(__AVX512F__)
using Lanes = U32x16;
#elif defined(__AVX2__)
using Lanes = U32x8;
#else
using Lanes = U32x4;
#endif
inline constexpr u32 kLanes = LaneTraits<Lanes>::kWidth;

AXFIRE_FN Lanes load(const u32* p) {
    Lanes x;
    memcpy(&x, p, sizeof x);
    return x;
}
AXFIRE_FN void store(u32* p, const Lanes& x) {
    memcpy(p, &x, sizeof x);
}

template <class U>
AXFIRE_FN U canonical_nan(const U& x) {
    return select(is_nan(x), splat<U>(kCanonicalNan), x);
}

/// exact@fp32 by the processor, which is bit for bit the same but for the payload of a NaN; `finish` settles that once
/// a sum is complete.
struct NativeAdd {
    explicit NativeAdd(const AdderSpec&) {}
    template <class U>
    AXFIRE_FN U operator()(const U& acc, const U& x) const {
        return as_bits<U>(as_float(acc) + as_float(x));
    }
    template <class U>
    AXFIRE_FN U operand(const U& x) const {
        return x;
    }
    template <class U>
    AXFIRE_FN static U finish(const U& x) {
        return canonical_nan(x);
    }
};

struct NativeMul {
    explicit NativeMul(const MultiplierSpec&) {}
    template <class U>
    AXFIRE_FN U operator()(const U& a, const U& b) const {
        return as_bits<U>(as_float(a) * as_float(b));
    }
    template <class U>
    AXFIRE_FN U operand(const U& x) const {
        return x;
    }
};

template <class U>
__attribute__((noinline)) U fp_add_call(const AdderSpec& s, U acc, U x) {
    return fp_add(s, acc, x);
}
template <class U>
__attribute__((noinline)) U fp_mul_call(const MultiplierSpec& s, U a, U b) {
    return fp_mul(s, a, b);
}
template <class U>
__attribute__((noinline)) U convert_call(const Format& f, Rounding r, U x) {
    return convert(f, r, x);
}

/// Any adder, by its spec. Both operands must be in its format: `operand` brings them there.
struct AnyAdd {
    explicit AnyAdd(const AdderSpec& s) : spec(s), converts(s.format != kFp32) {}
    AdderSpec spec;
    bool converts;
    template <class U>
    AXFIRE_FN U operator()(const U& acc, const U& x) const {
        return fp_add_call(spec, acc, x);
    }
    template <class U>
    AXFIRE_FN U operand(const U& x) const {
        return converts ? convert_call(spec.format, spec.rounding, x) : x;
    }
    template <class U>
    AXFIRE_FN static U finish(const U& x) {
        return x;
    }
};

struct AnyMul {
    explicit AnyMul(const MultiplierSpec& s) : spec(s), converts(s.format != kFp32) {}
    MultiplierSpec spec;
    bool converts;
    template <class U>
    AXFIRE_FN U operator()(const U& a, const U& b) const {
        return fp_mul_call(spec, a, b);
    }
    template <class U>
    AXFIRE_FN U operand(const U& x) const {
        return converts ? convert_call(spec.format, spec.rounding, x) : x;
    }
};

}  // namespace axfire::AXFIRE_ISA
