// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/membrane.h"
#include "neurons/parameters.h"

namespace axfire {

/// Integrator without leak or threshold: a read-out.
struct i_model {
    static constexpr ModelInfo kInfo{"i",
                                     "integrator, a read-out without threshold",
                                     "v += g I with g = R (--input-gain step) or R dt",
                                     "NIR: Pedersen et al., Nature Communications 15, 8122, 2024",
                                     false,
                                     2,
                                     {parameters::kR, parameters::kVInit},
                                     1,
                                     {{"gain", ConstantUse::multiplier}}};

    static void derive(const double* p, const Conventions& how, double* c) { c[0] = parameters::step_gain(p[0], how); }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions&, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = select(present, op.add(s.v, op.scale(input, c[0])), s.v);
        return U{};
    }
};

}  // namespace axfire
