// SPDX-License-Identifier: Apache-2.0
// One term of a projection's sum.
#pragma once

#include "arith/functors.h"
#include "synapses/views.h"

namespace axfire::AXFIRE_ISA {

/// acc + the product of x and w, as the layer's units compute it. The product is converted to the adder's format.
template <class U, class Add, class Mul>
AXFIRE_FN U mac(const Add& add, const Mul& mul, const U& acc, const U& x, const U& w) {
    return add(acc, add.operand(mul(x, w)));
}

/// Amplitude of event e, and whether it is multiplied with the weight.
struct EventTerm {
    bool multiplies;
    Lanes amplitude;
};
template <class Mul>
AXFIRE_FN EventTerm event_term(const Mul& mul, const ProjectionArithmetic& arithmetic, const EventView& events, u32 e) {
    const u32 amplitude = events.amplitude != nullptr ? events.amplitude[e] : kOneBits;
    if (amplitude == kOneBits && !arithmetic.multiply_spikes) {
        return {false, Lanes{}};
    }
    return {true, mul.operand(splat<Lanes>(amplitude))};
}

}  // namespace axfire::AXFIRE_ISA
