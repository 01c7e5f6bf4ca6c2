// SPDX-License-Identifier: Apache-2.0
// The steps that neuron models share, each a fixed sequence of the neuron's adder and multiplier.
#pragma once

#include "arith/draw.h"
#include "arith/pack.h"
#include "neurons/conventions.h"

namespace axfire {

/// The neuron's adder and multiplier; operands are brought into the unit's format first. The operations of an update
/// are numbered in the order in which they are called, for stochastic roundings: no two calls in the arguments of one.
template <class U, class Add, class Mul>
struct NeuronOps {
    Add adder;
    Mul multiplier;
    const RandomSite& site;
    U neuron;  ///< indices of the neurons
    mutable u32 number = 0;

    AXFIRE_FN U add(const U& a, const U& b) const {
        const u32 n = number++;
        const U x = adder.operand(a, draw(n, Role::product));
        const U y = adder.operand(b, draw(n, Role::term));
        return Add::finish(adder(x, y, draw(n, Role::sum)));
    }
    AXFIRE_FN U mul(const U& a, const U& b) const {
        const u32 n = number++;
        const U x = multiplier.operand(a, draw(n, Role::product));
        const U y = multiplier.operand(b, draw(n, Role::term));
        return multiplier(x, y, draw(n, Role::sum));
    }
    /// x as a state keeps it, in the adder's format, where no addition came last.
    AXFIRE_FN U keep(const U& x) const { return adder.operand(x, draw(number++, Role::sum)); }
    /// x * c, where multiplying by exactly 1, as the multiplier holds it, is no operation.
    AXFIRE_FN U scale(const U& x, const U& c) const {
        const u32 n = number++;
        const U a = multiplier.operand(x, draw(n, Role::product));
        const U b = multiplier.operand(c, draw(n, Role::term));
        return select(eq(b, splat<U>(kOneBits)), x, multiplier(a, b, draw(n, Role::sum)));
    }

private:
    AXFIRE_FN Draw<U> draw(u32 n, Role role) const { return {site, neuron, n, role}; }
};

/// What a population keeps between steps, for the neurons of one lane group.
template <class U>
struct NeuronState {
    U v;           ///< membrane potential
    U current;     ///< synaptic current (cuba models)
    U refractory;  ///< steps in which the membrane is still held
};

template <class U>
AXFIRE_FN U negate(const U& x) {
    return x ^ kSignBit;
}

/// v > theta, or v >= theta; false for NaN.
template <class U>
AXFIRE_FN U fires(Fire fire, const U& v, const U& theta) {
    return fire == Fire::gt ? mask_of(as_float(v) > as_float(theta)) : mask_of(as_float(v) >= as_float(theta));
}

/// Membrane after a spike: v_reset, or v - theta.
template <class U, class Ops>
AXFIRE_FN U after_spike(const Ops& op, Reset reset, const U& v, const U& theta, const U& v_reset) {
    return reset == Reset::zero ? v_reset : op.add(v, negate(theta));
}

/// The constants of a leaky membrane.
template <class U>
struct Leak {
    U gain;   ///< R (euler), or R (1 - a)
    U decay;  ///< dt / tau (euler), or a = exp(-dt / tau)
    U v_leak;
};

/// One step of a leaky membrane with the input current `input` where `present`.
///   euler:        v + ((v_leak - v) + R I) dt/tau
///   exponential:  (v - v_leak) a + I R (1 - a) + v_leak
template <class U, class Ops>
AXFIRE_FN U leaky_step(const Ops& op, Integrate integrate, const Leak<U>& c, const U& v, const U& input,
                       const U& present) {
    const U rests_at_zero = is_zero(c.v_leak);
    if (integrate == Integrate::euler) {
        U drive = select(rests_at_zero, negate(v), op.add(c.v_leak, negate(v)));
        drive = select(present, op.add(drive, op.scale(input, c.gain)), drive);
        return op.add(v, op.scale(drive, c.decay));
    }
    U u = select(rests_at_zero, v, op.add(v, negate(c.v_leak)));
    u = op.scale(u, c.decay);
    const U kept = op.keep(u);
    u = select(present, op.add(u, op.scale(input, c.gain)), kept);
    return select(rests_at_zero, u, op.add(u, c.v_leak));
}

/// One step of a synaptic current: i a + S g, where S is the input that arrived.
template <class U, class Ops>
AXFIRE_FN U current_step(const Ops& op, const U& current, const U& decay, const U& gain, const U& input,
                         const U& present) {
    const U decayed = op.scale(current, decay);
    const U kept = op.keep(decayed);
    return select(present, op.add(decayed, op.scale(input, gain)), kept);
}

/// Both equations of a current-based leaky membrane, in the order that the convention says.
template <class U, class Ops>
AXFIRE_FN void cuba_step(const Ops& op, const Conventions& how, const Leak<U>& leak, const U& synapse_decay,
                         const U& synapse_gain, NeuronState<U>& s, const U& input, const U& present) {
    const U current = current_step(op, s.current, synapse_decay, synapse_gain, input, present);
    const U drive = how.cuba_order == CubaOrder::new_current ? current : s.current;
    s.v = leaky_step(op, how.integrate, leak, s.v, drive, splat<U>(0xffffffffu));
    s.current = current;
}

}  // namespace axfire
