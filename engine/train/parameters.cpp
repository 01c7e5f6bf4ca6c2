// SPDX-License-Identifier: Apache-2.0
#include "engine/train/parameters.h"

namespace axfire::train {

namespace {

template <class Visit>
void each_tensor(Node& node, const Visit& visit) {
    if (auto* linear = std::get_if<nodes::Linear>(&node.kind)) {
        visit("weight", linear->weight, true);
        visit("bias", linear->bias, false);
    } else if (auto* conv = std::get_if<nodes::Conv2d>(&node.kind)) {
        visit("weight", conv->weight, true);
        visit("bias", conv->bias, false);
    } else if (auto* norm = std::get_if<nodes::BatchNorm>(&node.kind)) {
        visit("gamma", norm->gamma, false);
        visit("beta", norm->beta, false);
    } else if (auto* scale = std::get_if<nodes::Scale>(&node.kind)) {
        visit("scale", scale->scale, false);
    } else if (auto* bias = std::get_if<nodes::Bias>(&node.kind)) {
        visit("bias", bias->bias, false);
    }
}

}  // namespace

std::vector<Parameter> parameters(Network& network) {
    std::vector<Parameter> found;
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        each_tensor(network.nodes[n], [&](const char* name, Tensor& tensor, bool decays) {
            if (!tensor.empty()) {
                found.push_back({n, name, &tensor, decays});
            }
        });
    }
    return found;
}

}  // namespace axfire::train
