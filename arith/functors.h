// SPDX-License-Identifier: Apache-2.0
// Adders and multipliers as the kernels take them: `add(acc, x)` and `mul(a, b)` over lanes.
//
// A functor with a constant spec folds into the few instructions that its unit needs; one that holds its spec works for
// every unit without being compiled for it.
#pragma once

#include "arith/draw.h"
#include "arith/finished_product.h"
#include "arith/ordinary_sum.h"

#ifndef AXFIRE_ISA
#define AXFIRE_ISA baseline
#endif

namespace axfire::AXFIRE_ISA {

/// The lane type of the instruction set that this file is compiled for. On a device a lane is a thread.
#if defined(__CUDACC__)
using Lanes = u32;
#elif defined(__AVX512F__)
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

#if !defined(__CUDACC__)
/// Row i and column j change places. In each of log2(kLanes) steps rows exchange halves of ever smaller squares.
AXFIRE_FN void transpose(Lanes (&square)[kLanes]) {
    for (u32 half = kLanes / 2; half > 0; half /= 2) {
        Lanes upper, lower;
        for (u32 j = 0; j < kLanes; ++j) {
            upper[j] = (j & half) != 0 ? kLanes + j - half : j;
            lower[j] = (j & half) != 0 ? kLanes + j : j + half;
        }
        for (u32 i = 0; i < kLanes; ++i) {
            if ((i & half) == 0) {
                const Lanes a = square[i];
                const Lanes b = square[i + half];
                square[i] = __builtin_shuffle(a, b, upper);
                square[i + half] = __builtin_shuffle(a, b, lower);
            }
        }
    }
}
#endif

/// first, first + 1, ... : the outputs of a lane group.
AXFIRE_FN Lanes lane_indices(u32 first) {
    Lanes x;
    for (u32 i = 0; i < kLanes; ++i) {
        set_lane(x, i, first + i);
    }
    return x;
}

template <class U>
AXFIRE_FN U canonical_nan(const U& x) {
    return select(is_nan(x), splat<U>(kCanonicalNan), x);
}

/// exact@fp32 by the processor, which is bit for bit the same but for the payload of a NaN; `finish` settles that once
/// a sum is complete.
struct NativeAdd {
    NativeAdd(const AdderSpec&, const RandomSite&) {}
    AXFIRE_FN static constexpr Order order() { return Order::sequential; }
    AXFIRE_FN static constexpr u32 block() { return 0; }
    template <class U>
    AXFIRE_FN U operator()(const U& acc, const U& x, const Draw<U>&) const {
        return as_bits<U>(as_float(acc) + as_float(x));
    }
    template <class U>
    AXFIRE_FN U operand(const U& x, const Draw<U>&) const {
        return x;
    }
    template <class U>
    AXFIRE_FN static U finish(const U& x) {
        return canonical_nan(x);
    }
};

struct NativeMul {
    NativeMul(const MultiplierSpec&, const RandomSite&) {}
    template <class U>
    AXFIRE_FN U operator()(const U& a, const U& b, const Draw<U>&) const {
        return as_bits<U>(as_float(a) * as_float(b));
    }
    template <class U>
    AXFIRE_FN U operand(const U& x, const Draw<U>&) const {
        return x;
    }
};

/// The random word of an operation whose rounding needs one.
template <class U>
AXFIRE_FN U random_word(Rounding r, const Draw<U>& draw) {
    return r == Rounding::sr ? draw.word() : U{};
}

/// x in a format; a NaN may have the processor's payload.
template <Format kFormat, Rounding kRounding, class U>
AXFIRE_FN U bring(const U& x, const Draw<U>& draw) {
    if constexpr (kFormat == kFp32) {
        return x;
    } else if constexpr (rounds_nearest(kFormat, kRounding)) {
        return round_nearest(kFormat, x);
    } else {
        return convert(kFormat, kRounding, x, random_word(kRounding, draw));
    }
}

/// A spec of constants (but for the model that it names) folds into the instructions that its unit needs. With
/// kAnyParameters the unit's parameters are those of the run.
template <AdderSpec kSpec, bool kAnyParameters = false>
struct FixedAdd {
    FixedAdd(const AdderSpec& s, const RandomSite&) : model(s.model), parameters(s.parameters) {}
    const UnitModel* model;
    Parameters parameters;
    AXFIRE_FN static constexpr Order order() { return kSpec.order; }
    AXFIRE_FN static constexpr u32 block() { return kSpec.block; }
    template <class U>
    AXFIRE_FN U operator()(const U& acc, const U& x, const Draw<U>& draw) const {
        if constexpr (has_nearest_sum(kSpec)) {
            return nearest_sum(spec(), acc, x);
        } else if constexpr (has_ordinary_sum(kSpec)) {
            bool strange;
            const U sum = ordinary_sum(spec(), acc, x, strange);
            return __builtin_expect(strange, 0) ? in_full(parameters, acc, x) : sum;
        } else {
            return fp_add(spec(), acc, x, random_word(kSpec.rounding, draw));
        }
    }
    template <class U>
    AXFIRE_FN U operand(const U& x, const Draw<U>& draw) const {
        return bring<kSpec.format, kSpec.rounding>(x, draw);
    }
    template <class U>
    AXFIRE_FN static U finish(const U& x) {
        return has_nearest_sum(kSpec) ? canonical_nan(x) : x;
    }

protected:
    AXFIRE_FN AdderSpec spec() const {
        AdderSpec s = kSpec;
        s.model = model;
        if constexpr (kAnyParameters) {
            s.parameters = parameters;
        }
        return s;
    }

private:
    /// Out of the way of a kernel's registers.
    template <class U>
    __attribute__((noinline, cold)) static U in_full(Parameters p, U acc, U x) {
        AdderSpec spec = kSpec;
        if constexpr (kAnyParameters) {
            spec.parameters = p;
        }
        return fp_add(spec, acc, x);
    }
};

template <MultiplierSpec kSpec>
struct FixedMul {
    FixedMul(const MultiplierSpec& s, const RandomSite&) : model(s.model) {}
    const UnitModel* model;
    /// An operand A that all lanes share may be given as such.
    static constexpr bool kTakesShared = has_finished_product(kSpec);
    template <class A, class U>
    AXFIRE_FN U operator()(const A& a, const U& b, const Draw<U>& draw) const {
        if constexpr (has_nearest_product(kSpec)) {
            return nearest_product(spec(), a, b);
        } else if constexpr (has_finished_product(kSpec) || has_ordinary_product(kSpec)) {
            bool strange;
            const U product = ordinary(a, b, strange);
            return __builtin_expect(strange, 0) ? in_full(model, lanes_of(a), b) : product;
        } else {
            return fp_mul(spec(), a, b, random_word(kSpec.rounding, draw));
        }
    }
    template <class U>
    AXFIRE_FN U operand(const U& x, const Draw<U>& draw) const {
        return bring<kSpec.format, kSpec.rounding>(x, draw);
    }

protected:
    template <class A, class U>
    AXFIRE_FN U ordinary(const A& a, const U& b, bool& strange) const {
        if constexpr (has_finished_product(kSpec)) {
            return finished_product(spec(), a, b, strange);
        } else {
            return ordinary_product(spec(), a, b, strange);
        }
    }
    AXFIRE_FN MultiplierSpec spec() const {
        MultiplierSpec s = kSpec;
        s.model = model;
        return s;
    }

private:
    template <class U>
    __attribute__((noinline, cold)) static U in_full(const UnitModel* tables, U a, U b) {
        MultiplierSpec spec = kSpec;
        spec.model = tables;
        return fp_mul(spec, a, b);
    }
};

template <class U>
__attribute__((noinline)) U fp_add_call(const AdderSpec& s, U acc, U x, U random) {
    return fp_add(s, acc, x, random);
}
template <class U>
__attribute__((noinline)) U fp_mul_call(const MultiplierSpec& s, U a, U b, U random) {
    return fp_mul(s, a, b, random);
}
template <class U>
__attribute__((noinline)) U convert_call(const Format& f, Rounding r, U x, U random) {
    return convert(f, r, x, random);
}

/// Any adder, by its spec. Both operands must be in its format: `operand` brings them there.
struct AnyAdd {
    AnyAdd(const AdderSpec& s, const RandomSite&) : spec(s), converts(s.format != kFp32) {}
    AdderSpec spec;
    bool converts;
    AXFIRE_FN Order order() const { return spec.order; }
    AXFIRE_FN u32 block() const { return spec.block; }
    template <class U>
    AXFIRE_FN U operator()(const U& acc, const U& x, const Draw<U>& draw) const {
        return fp_add_call(spec, acc, x, random_word(spec.rounding, draw));
    }
    template <class U>
    AXFIRE_FN U operand(const U& x, const Draw<U>& draw) const {
        return converts ? convert_call(spec.format, spec.rounding, x, random_word(spec.rounding, draw)) : x;
    }
    template <class U>
    AXFIRE_FN static U finish(const U& x) {
        return x;
    }
};

struct AnyMul {
    AnyMul(const MultiplierSpec& s, const RandomSite&) : spec(s), converts(s.format != kFp32) {}
    MultiplierSpec spec;
    bool converts;
    template <class U>
    AXFIRE_FN U operator()(const U& a, const U& b, const Draw<U>& draw) const {
        return fp_mul_call(spec, a, b, random_word(spec.rounding, draw));
    }
    template <class U>
    AXFIRE_FN U operand(const U& x, const Draw<U>& draw) const {
        return converts ? convert_call(spec.format, spec.rounding, x, random_word(spec.rounding, draw)) : x;
    }
};

}  // namespace axfire::AXFIRE_ISA
