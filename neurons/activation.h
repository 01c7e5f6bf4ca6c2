// SPDX-License-Identifier: Apache-2.0
// What the stateless models share: activations of conventional networks, which make such a network a spiking one of a
// single step. Their v is a function of the step's input; an input that did not arrive is +0.
#pragma once

#include "neurons/membrane.h"
#include "neurons/model_info.h"

namespace axfire {

template <class U>
AXFIRE_FN U arrived(const U& input, const U& present) {
    return input & present;
}

template <class U>
AXFIRE_FN U less(const U& a, const U& b) {
    return mask_of(as_float(a) < as_float(b));
}

/// x between low and high; NaN stays.
template <class U>
AXFIRE_FN U clip(const U& x, const U& low, const U& high) {
    return select(less(x, low), low, select(less(high, x), high, x));
}

/// clip(a x + b, 0, 1).
template <class U, class Ops>
AXFIRE_FN U hard_sigmoid(const Ops& op, const U& x, const U& a, const U& b) {
    const U product = op.scale(x, a);
    return clip(op.add(product, b), U{}, splat<U>(kOneBits));
}

}  // namespace axfire
