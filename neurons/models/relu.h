// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// Rectified linear unit.
struct relu_model {
    static constexpr ModelInfo kInfo{
        "relu", "rectified linear unit", "v = max(0, I)", "Nair and Hinton, ICML 2010", false, 0, {}, 0, {}, true};

    static void derive(const double*, const Conventions&, double*) {}

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops&, const Conventions&, const U*, NeuronState<U>& s, const U& input,
                              const U& present) {
        const U x = arrived(input, present);
        s.v = select(mask_of(as_float(x) <= as_float(U{})), U{}, x);
        return U{};
    }
};

}  // namespace axfire
