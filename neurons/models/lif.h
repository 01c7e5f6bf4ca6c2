// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/membrane.h"
#include "neurons/parameters.h"

namespace axfire {

/// Leaky integrate-and-fire with an optional refractory period.
struct lif_model {
    static constexpr ModelInfo kInfo{
        "lif",
        "leaky integrate and fire",
        "tau_mem dv/dt = (v_leak - v) + R I; a spike where v passes v_threshold, then reset, held for t_ref",
        "NIR: Pedersen et al., Nature Communications 15, 8122, 2024; Gerstner et al., Neuronal Dynamics, ch. 1, 2014",
        true,
        7,
        {parameters::kTauMem, parameters::kR, parameters::kVLeak, parameters::kVThreshold, parameters::kVReset,
         parameters::kVInitLeak, parameters::kTRef},
        6,
        {{"gain", ConstantUse::multiplier},
         {"decay", ConstantUse::multiplier},
         {"v_leak", ConstantUse::adder},
         {"v_threshold", ConstantUse::adder},
         {"v_reset", ConstantUse::adder},
         {"t_ref", ConstantUse::steps}}};

    static void derive(const double* p, const Conventions& how, double* c) {
        c[0] = parameters::membrane_gain(p[1], p[0], how);
        c[1] = parameters::membrane_decay(p[0], how);
        c[2] = p[2];
        c[3] = p[3];
        c[4] = p[4];
        c[5] = parameters::refractory_steps(p[6], how);
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions& how, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        const U active = eq(s.refractory, U{});
        s.refractory -= ~active & 1u;
        const U next = leaky_step(op, how.integrate, Leak<U>{c[0], c[1], c[2]}, s.v, input, present);
        s.v = select(active, next, s.v);
        const U fired = fires(how.fire, s.v, c[3]) & active;
        s.v = select(fired, after_spike(op, how.reset, s.v, c[3], c[4]), s.v);
        s.refractory = select(fired, c[5], s.refractory);
        return fired;
    }
};

}  // namespace axfire
