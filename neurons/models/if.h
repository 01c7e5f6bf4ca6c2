// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/membrane.h"
#include "neurons/parameters.h"

namespace axfire {

/// Integrate-and-fire without a leak.
struct if_model {
    static constexpr ModelInfo kInfo{
        "if",
        "integrate and fire",
        "v += g I with g = R (--input-gain step) or R dt; a spike where v passes v_threshold, then reset",
        "NIR: Pedersen et al., Nature Communications 15, 8122, 2024",
        true,
        4,
        {parameters::kR, parameters::kVThreshold, parameters::kVReset, parameters::kVInit},
        3,
        {{"gain", ConstantUse::multiplier}, {"v_threshold", ConstantUse::adder}, {"v_reset", ConstantUse::adder}}};

    static void derive(const double* p, const Conventions& how, double* c) {
        c[0] = parameters::step_gain(p[0], how);
        c[1] = p[1];
        c[2] = p[2];
    }

    /// Returns the mask of the neurons that fired.
    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions& how, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = select(present, op.add(s.v, op.scale(input, c[0])), s.v);
        const U fired = fires(how.fire, s.v, c[1]);
        s.v = select(fired, after_spike(op, how.reset, s.v, c[1], c[2]), s.v);
        return fired;
    }
};

}  // namespace axfire
