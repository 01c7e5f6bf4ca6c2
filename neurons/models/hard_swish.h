// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// Input times a piecewise linear sigmoid of it.
struct hard_swish_model {
    static constexpr ModelInfo kInfo{"hard_swish",
                                     "input times its piecewise linear sigmoid",
                                     "v = I min(max(I / 6 + 1/2, 0), 1)",
                                     "Howard et al., ICCV 2019",
                                     false,
                                     0,
                                     {},
                                     2,
                                     {{"slope", ConstantUse::multiplier}, {"half", ConstantUse::adder}},
                                     true};

    static void derive(const double*, const Conventions&, double* c) {
        c[0] = 1.0 / 6.0;
        c[1] = 0.5;
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions&, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        const U x = arrived(input, present);
        s.v = op.scale(x, hard_sigmoid(op, x, c[0], c[1]));
        return U{};
    }
};

}  // namespace axfire
