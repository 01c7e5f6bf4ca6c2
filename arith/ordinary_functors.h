// SPDX-License-Identifier: Apache-2.0
// Functors for sums whose factors are known to be ordinary numbers (`ordinary_factors`): nothing is checked operation
// by operation.
#pragma once

#include "arith/functors.h"

namespace axfire::AXFIRE_ISA {

/// The short form of an adder. It tells how far exponents reached, so that a sum which met others than ordinary ones
/// can be made again.
template <class Add>
struct WatchfulAdd;
template <AdderSpec kSpec, bool kAnyParameters>
struct WatchfulAdd<FixedAdd<kSpec, kAnyParameters>> : FixedAdd<kSpec, kAnyParameters> {
    using Checked = FixedAdd<kSpec, kAnyParameters>;
    using Checked::Checked;
    /// acc + x; `reach` becomes the largest so far.
    template <class U>
    AXFIRE_FN U watched(const U& acc, const U& x, U& reach) const {
        const AdderSpec spec = this->spec();
        if (!folds(spec)) {
            __builtin_unreachable();
        }
        U reached;
        const U sum = ordinary_sum(spec, acc, x, reached);
        reach = max_lanes(reach, reached);
        return sum;
    }
    template <class U>
    AXFIRE_FN static bool went_astray(const U& reach) {
        return any(lt(splat<U>(ordinary_reach(kSpec)), reach));
    }
    /// Not of use for a circuit that takes two zeros for something else, since those are not ordinary then; nor made
    /// for parameters of the run that are out of the common.
    AXFIRE_FN static bool serves(const AdderSpec& s) {
        AdderSpec spec = kSpec;
        if constexpr (kAnyParameters) {
            spec.parameters = s.parameters;
        }
        const u32 n = kSpec.format.fraction_bits + 3u;
        return folds(spec) && (circuit_add(spec, 0u, 0u, n, 0u) & ((1u << n) - 1)) == 0;
    }

private:
    AXFIRE_FN static bool folds(const AdderSpec& s) { return !kAnyParameters || sums_in_32_bits(s); }
};

/// The short form of a multiplier.
template <class Mul>
struct UncheckedMul;
template <MultiplierSpec kSpec>
struct UncheckedMul<FixedMul<kSpec>> : FixedMul<kSpec> {
    using Checked = FixedMul<kSpec>;
    using Checked::Checked;
    template <class A, class U>
    AXFIRE_FN U operator()(const A& a, const U& b, const Draw<U>&) const {
        bool strange;
        return this->ordinary(a, b, strange);
    }
};

/// Products rounded to the nearest in M <= 10 bits, of which those that are zero lose their sign. With d = 23 - M and
/// a' = 2^d a, a' b + 2^-d a' b rounded to 24 bits is a' b plus the rounded product a b: a' b is an even multiple of
/// the sum's last place, which is that of the rounded product, and a tie goes to even in both. a' b, b + 2^-d b and
/// the difference are exact. (The splitting of Veltkamp and Dekker, Numerische Mathematik 18, 1971, of which more is
/// true for a product of few bits.)
template <class Mul>
struct SplittingMul;
template <MultiplierSpec kSpec>
struct SplittingMul<FixedMul<kSpec>> : FixedMul<kSpec> {
    using Checked = FixedMul<kSpec>;
    using Checked::Checked;
    static constexpr u32 kDrop = 23 - kSpec.format.fraction_bits;
    static constexpr bool kTakesShared = true;
    template <class A, class U>
    AXFIRE_FN U operator()(const A& a, const U& b, const Draw<U>&) const {
        const FloatOf<U> x = as_float(lanes_of(a)), y = as_float(b);
        const float above_one = 1.0f + 1.0f / static_cast<float>(1u << kDrop);
        // Many products have the same shared operand.
        const FloatOf<U> both = kIsShared<A> ? (x * above_one) * y : x * (y * above_one);
        return as_bits<U>(less_exact_product(both, x, y));
    }
    template <class U>
    AXFIRE_FN U operand(const U& x, const Draw<U>& draw) const {
        const float scale = static_cast<float>(1u << kDrop);
        return as_bits<U>(as_float(Checked::operand(x, draw)) * scale);
    }
};

/// The units of sums of ordinary factors: `Add` and `Mul` themselves where there is nothing shorter.
template <class Add>
struct OrdinaryAdd {
    using Type = Add;
    static constexpr bool kDropsSignsOfZeros = false;
};
/// A sum that starts with +0 and is rounded to the nearest never becomes -0: the sign of a zero that is added to it
/// does not count.
template <>
struct OrdinaryAdd<NativeAdd> {
    using Type = NativeAdd;
    static constexpr bool kDropsSignsOfZeros = true;
};
template <AdderSpec kSpec, bool kAnyParameters>
requires(has_ordinary_sum(kSpec)) struct OrdinaryAdd<FixedAdd<kSpec, kAnyParameters>> {
    using Type = WatchfulAdd<FixedAdd<kSpec, kAnyParameters>>;
    static constexpr bool kDropsSignsOfZeros = false;
};
template <class Mul, bool kDropsSignsOfZeros>
struct OrdinaryMul {
    using Type = Mul;
};
template <MultiplierSpec kSpec, bool kDropsSignsOfZeros>
requires(has_finished_product(kSpec) ||
         has_ordinary_product(kSpec)) struct OrdinaryMul<FixedMul<kSpec>, kDropsSignsOfZeros> {
    using Type = UncheckedMul<FixedMul<kSpec>>;
};
template <MultiplierSpec kSpec>
requires(has_nearest_product(kSpec) && kSpec.format.exponent_bits == 8) struct OrdinaryMul<FixedMul<kSpec>, true> {
    using Type = SplittingMul<FixedMul<kSpec>>;
};

template <class T>
concept HasChecked = requires {
    typename T::Checked;
};
template <class T>
struct CheckedOf {
    using Type = T;
};
template <HasChecked T>
struct CheckedOf<T> {
    using Type = typename T::Checked;
};

template <class Add, class Mul>
using OrdinaryMulFor = typename OrdinaryMul<Mul, OrdinaryAdd<Add>::kDropsSignsOfZeros>::Type;

/// A kernel for ordinary factors, and the one that takes anything.
template <template <class, class> class Kernel, class Add, class Mul>
using OrdinaryKernel = Kernel<typename OrdinaryAdd<Add>::Type, OrdinaryMulFor<Add, Mul>>;
template <template <class, class> class Kernel, class Add, class Mul>
using CheckedKernel = Kernel<typename CheckedOf<Add>::Type, typename CheckedOf<Mul>::Type>;

/// True for units that have shorter ones for ordinary factors.
template <class Add, class Mul>
inline constexpr bool kHasOrdinary =
    HasChecked<typename OrdinaryAdd<Add>::Type> || HasChecked<OrdinaryMulFor<Add, Mul>>;
template <class Add>
concept Watchful = requires(u32 reach) {
    Add::went_astray(reach);
};
template <class Add>
AXFIRE_FN bool ordinary_adder(const AdderSpec& s) {
    using Short = typename OrdinaryAdd<Add>::Type;
    if constexpr (Watchful<Short>) {
        return Short::serves(s);
    } else {
        return true;
    }
}

}  // namespace axfire::AXFIRE_ISA
