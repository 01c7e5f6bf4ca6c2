// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// A range of values: ReLU6 with 0 and 6.
struct clip_model {
    static constexpr ModelInfo kInfo{
        "clip",
        "values cut off at two bounds",
        "v = min(max(I, low), high)",
        "ONNX: Clip",
        false,
        2,
        {{"low", "", 0, false, false, "lower bound"}, {"high", "", 6, false, false, "upper bound"}},
        2,
        {{"low", ConstantUse::adder}, {"high", ConstantUse::adder}},
        true};

    static void derive(const double* p, const Conventions&, double* c) {
        c[0] = p[0];
        c[1] = p[1];
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops&, const Conventions&, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = clip(arrived(input, present), c[0], c[1]);
        return U{};
    }
};

}  // namespace axfire
