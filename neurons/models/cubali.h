// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/membrane.h"
#include "neurons/parameters.h"

namespace axfire {

/// Current-based leaky integrator: a read-out.
struct cubali_model {
    static constexpr ModelInfo kInfo{"cubali",
                                     "current-based leaky integrator, a read-out without threshold",
                                     "tau_syn di/dt = -i + w_in S; tau_mem dv/dt = (v_leak - v) + R i",
                                     "NIR: Pedersen et al., Nature Communications 15, 8122, 2024",
                                     false,
                                     6,
                                     {parameters::kTauSyn, parameters::kTauMem, parameters::kR, parameters::kVLeak,
                                      parameters::kWIn, parameters::kVInitLeak},
                                     5,
                                     {{"gain", ConstantUse::multiplier},
                                      {"decay", ConstantUse::multiplier},
                                      {"v_leak", ConstantUse::adder},
                                      {"synapse_decay", ConstantUse::multiplier},
                                      {"synapse_gain", ConstantUse::multiplier}}};

    static void derive(const double* p, const Conventions& how, double* c) {
        c[0] = parameters::membrane_gain(p[2], p[1], how);
        c[1] = parameters::membrane_decay(p[1], how);
        c[2] = p[3];
        c[3] = parameters::synapse_decay(p[0], how);
        c[4] = parameters::synapse_gain(p[4], p[0], how);
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions& how, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        cuba_step(op, how, Leak<U>{c[0], c[1], c[2]}, c[3], c[4], s, input, present);
        return U{};
    }
};

}  // namespace axfire
