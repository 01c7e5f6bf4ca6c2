// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// Piecewise linear sigmoid.
struct hard_sigmoid_model {
    static constexpr ModelInfo kInfo{
        "hard_sigmoid",
        "piecewise linear sigmoid",
        "v = min(max(alpha I + beta, 0), 1)",
        "ONNX: HardSigmoid",
        false,
        2,
        {{"alpha", "", 0.2, false, false, "slope"}, {"beta", "", 0.5, false, false, "value at 0"}},
        2,
        {{"alpha", ConstantUse::multiplier}, {"beta", ConstantUse::adder}},
        true};

    static void derive(const double* p, const Conventions&, double* c) {
        c[0] = p[0];
        c[1] = p[1];
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions&, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = hard_sigmoid(op, arrived(input, present), c[0], c[1]);
        return U{};
    }
};

}  // namespace axfire
