// SPDX-License-Identifier: Apache-2.0
// One term of a projection's sum.
#pragma once

#include "synapses/magnitudes.h"
#include "synapses/sum.h"

namespace axfire::AXFIRE_ISA {

/// The units of a projection.
template <class Add, class Mul>
struct Units {
    Add add;
    Mul mul;
    const ProjectionArithmetic& arithmetic;

    AXFIRE_FN explicit Units(const ProjectionArithmetic& a) : add(a.add, a.site), mul(a.mul, a.site), arithmetic(a) {}

    template <class U, u32 B>
    AXFIRE_FN Sum<U, B, Add> sum(const U (&output)[B]) const {
        return {add, arithmetic.site, output};
    }

    /// An input, of the given index in the source, as the multiplier takes it.
    template <class U>
    AXFIRE_FN U input(const U& x, const U& index) const {
        return mul.operand(x, Draw<U>{arithmetic.site, index, kInputOperand, Role::product});
    }

    /// The product of x and w as the adder takes it. `kShared`: all lanes of x are the same.
    template <bool kShared = false, class U>
    AXFIRE_FN U term(const U& x, const U& w, const U& output, u32 index) const {
        const Draw<U> draw{arithmetic.site, output, index, Role::product};
        U product;
        if constexpr (kShared && requires { requires Mul::kTakesShared; }) {
            product = mul(Shared<U>{x}, w, draw);
        } else {
            product = mul(x, w, draw);
        }
        return add.operand(product, Draw<U>{arithmetic.site, output, index, Role::term});
    }

    /// sum + bias; `inputs` counts the projection's indices.
    template <class U>
    AXFIRE_FN U add_bias(const U& sum, const U& bias, const U& output, u32 inputs) const {
        return add(sum, bias, Draw<U>{arithmetic.site, output, inputs, Role::join});
    }

    /// True if an event of this amplitude adds the weight itself.
    AXFIRE_FN bool adds_weight(u32 amplitude) const { return amplitude == kOneBits && !arithmetic.multiply_spikes; }
};

/// True where the OrdinaryKernel serves a dense layer of n inputs.
template <class Add>
AXFIRE_FN bool has_ordinary_factors(const AdderSpec& add, const u32* values, u32 n, const Magnitudes& weights) {
    return ordinary_adder<Add>(add) && weights.greatest < kInfinityBits &&  // told, and finite
           ordinary_factors(magnitudes<Lanes>(values, n), weights);
}

/// Amplitude of event e.
AXFIRE_FN u32 amplitude_of(const EventView& events, u32 e) {
    return events.amplitude != nullptr ? events.amplitude[e] : kOneBits;
}

}  // namespace axfire::AXFIRE_ISA
