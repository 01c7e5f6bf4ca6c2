// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// The sum of its inputs as it is: what an addition of signals becomes.
struct identity_model {
    static constexpr ModelInfo kInfo{"identity", "sum of the inputs, unchanged", "v = I", "", false, 0, {}, 0, {},
                                     true};

    static void derive(const double*, const Conventions&, double*) {}

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops&, const Conventions&, const U*, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = arrived(input, present);
        return U{};
    }
};

}  // namespace axfire
