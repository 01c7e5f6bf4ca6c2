// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/membrane.h"
#include "neurons/parameters.h"

namespace axfire {

/// Current-based leaky integrate-and-fire with an optional refractory period; the synaptic current goes on during it.
struct cubalif_model {
    static constexpr ModelInfo kInfo{
        "cubalif",
        "current-based leaky integrate and fire",
        "tau_syn di/dt = -i + w_in S; tau_mem dv/dt = (v_leak - v) + R i; a spike where v passes v_threshold, then "
        "reset, held for t_ref",
        "NIR: Pedersen et al., Nature Communications 15, 8122, 2024",
        true,
        9,
        {parameters::kTauSyn, parameters::kTauMem, parameters::kR, parameters::kVLeak, parameters::kVThreshold,
         parameters::kVReset, parameters::kWIn, parameters::kVInitLeak, parameters::kTRef},
        8,
        {{"gain", ConstantUse::multiplier},
         {"decay", ConstantUse::multiplier},
         {"v_leak", ConstantUse::adder},
         {"synapse_decay", ConstantUse::multiplier},
         {"synapse_gain", ConstantUse::multiplier},
         {"v_threshold", ConstantUse::adder},
         {"v_reset", ConstantUse::adder},
         {"t_ref", ConstantUse::steps}}};

    static void derive(const double* p, const Conventions& how, double* c) {
        c[0] = parameters::membrane_gain(p[2], p[1], how);
        c[1] = parameters::membrane_decay(p[1], how);
        c[2] = p[3];
        c[3] = parameters::synapse_decay(p[0], how);
        c[4] = parameters::synapse_gain(p[6], p[0], how);
        c[5] = p[4];
        c[6] = p[5];
        c[7] = parameters::refractory_steps(p[8], how);
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions& how, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        const U active = eq(s.refractory, U{});
        s.refractory -= ~active & 1u;
        const U held = s.v;
        cuba_step(op, how, Leak<U>{c[0], c[1], c[2]}, c[3], c[4], s, input, present);
        s.v = select(active, s.v, held);
        const U fired = fires(how.fire, s.v, c[5]) & active;
        s.v = select(fired, after_spike(op, how.reset, s.v, c[5], c[6]), s.v);
        s.refractory = select(fired, c[7], s.refractory);
        return fired;
    }
};

}  // namespace axfire
