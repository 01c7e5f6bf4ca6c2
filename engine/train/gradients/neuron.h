// SPDX-License-Identifier: Apache-2.0
// What the gradients of neuron models share.
#pragma once

#include "engine/train/gradients/neuron_constants.h"
#include "engine/train/node_gradient.h"

namespace axfire::train {

/// The sum of a neuron's sources in binary32; `space.values` is used where there are several. nullptr: nothing arrived.
template <class Gradient>
const u32* sum_inputs(const Gradient& node, const Tape& tape, Place at, Space& space) {
    const u32* sum = node.input_of(tape, 0, at);
    for (std::size_t i = 1; i < node.sources(); ++i) {
        const u32* next = node.input_of(tape, i, at);
        if (sum == nullptr || next == nullptr) {
            sum = sum == nullptr ? next : sum;
            continue;
        }
        if (space.values.size() < node.size()) {
            space.values = Buffer(node.size());
        }
        for (std::size_t k = 0; k < node.size(); ++k) {
            space.values[k] = bits(number(sum[k]) + number(next[k]));
        }
        sum = space.values.data();
    }
    return sum;
}

/// Models with a state: if, lif, cubalif, i, li, cubali.
std::unique_ptr<NodeGradient> make_membrane_gradient(const nodes::Neuron& node, const GradientContext& context);

}  // namespace axfire::train
