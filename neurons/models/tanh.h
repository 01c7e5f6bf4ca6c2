// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arith/elementary.h"
#include "neurons/activation.h"

namespace axfire {

/// Hyperbolic tangent. Computed in binary32, then rounded to the adder's format.
struct tanh_model {
    static constexpr ModelInfo kInfo{
        "tanh", "hyperbolic tangent", "v = tanh(I)", "docs/arithmetic.md, Elementary functions", false, 0, {}, 0, {},
        true};

    static void derive(const double*, const Conventions&, double*) {}

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions&, const U*, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = op.keep(fp_tanh(arrived(input, present)));
        return U{};
    }
};

}  // namespace axfire
