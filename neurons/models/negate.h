// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// The sum of its inputs with the other sign.
struct negate_model {
    static constexpr ModelInfo kInfo{"negate", "negated sum of the inputs", "v = -I", "", false, 0, {}, 0, {}, true};

    static void derive(const double*, const Conventions&, double*) {}

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops&, const Conventions&, const U*, NeuronState<U>& s, const U& input,
                              const U& present) {
        s.v = negate(arrived(input, present));
        return U{};
    }
};

}  // namespace axfire
