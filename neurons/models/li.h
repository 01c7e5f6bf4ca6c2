// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/membrane.h"
#include "neurons/parameters.h"

namespace axfire {

/// Leaky integrator: a read-out.
struct li_model {
    static constexpr ModelInfo kInfo{
        "li",
        "leaky integrator, a read-out without threshold",
        "tau_mem dv/dt = (v_leak - v) + R I",
        "NIR: Pedersen et al., Nature Communications 15, 8122, 2024",
        false,
        4,
        {parameters::kTauMem, parameters::kR, parameters::kVLeak, parameters::kVInitLeak},
        3,
        {{"gain", ConstantUse::multiplier}, {"decay", ConstantUse::multiplier}, {"v_leak", ConstantUse::adder}}};

    static void derive(const double* p, const Conventions& how, double* c) {
        c[0] = parameters::membrane_gain(p[1], p[0], how);
        c[1] = parameters::membrane_decay(p[0], how);
        c[2] = p[2];
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions& how, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = leaky_step(op, how.integrate, Leak<U>{c[0], c[1], c[2]}, s.v, input, present);
        return U{};
    }
};

}  // namespace axfire
