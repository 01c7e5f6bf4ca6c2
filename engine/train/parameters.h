// SPDX-License-Identifier: Apache-2.0
// The tensors of a network that are trained.
#pragma once

#include <vector>

#include "engine/network/network.h"

namespace axfire::train {

/// A tensor that is trained, and where it stands in the network.
struct Parameter {
    std::size_t node;
    const char* name;  ///< weight, bias, gamma, beta, scale
    Tensor* tensor;
    bool decays;  ///< weight decay applies: weights, but neither biases nor batch normalisation
};

/// The trained tensors, by node and in the order weight, bias, gamma, beta, scale. They point into the network.
std::vector<Parameter> parameters(Network& network);

/// Gradients of a node's tensors, in the order of parameters().
using TensorGradients = std::vector<std::vector<float>*>;

}  // namespace axfire::train
