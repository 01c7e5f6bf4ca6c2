// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// Leaky rectified linear unit.
struct leaky_relu_model {
    static constexpr ModelInfo kInfo{"leaky_relu",
                                     "leaky rectified linear unit",
                                     "v = I where I >= 0, else alpha I",
                                     "Maas et al., ICML 2013",
                                     false,
                                     1,
                                     {{"alpha", "", 0.01, false, false, "slope below 0"}},
                                     1,
                                     {{"alpha", ConstantUse::multiplier}},
                                     true};

    static void derive(const double* p, const Conventions&, double* c) { c[0] = p[0]; }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions&, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        const U x = arrived(input, present);
        s.v = select(less(x, U{}), op.scale(x, c[0]), x);
        return U{};
    }
};

}  // namespace axfire
