// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "arith/philox.h"
#include "engine/train/network_text.h"

namespace axfire::train {

namespace {

/// Subsequences that nothing else uses.
constexpr std::uint64_t kWeightDraws = std::uint64_t{3} << 61;

Tensor* weight_of(Node& node) {
    auto* linear = std::get_if<nodes::Linear>(&node.kind);
    auto* conv = std::get_if<nodes::Conv2d>(&node.kind);
    return linear != nullptr ? &linear->weight : conv != nullptr ? &conv->weight : nullptr;
}

}  // namespace

void draw_weights(Network& network, std::uint64_t seed) {
    const Topology topology = analyse(network);
    std::size_t last = network.nodes.size();
    for (const std::size_t n : topology.order) {
        last = weight_of(network.nodes[n]) != nullptr ? n : last;
    }
    std::uint64_t number = 0;
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        Tensor* const weight = weight_of(network.nodes[n]);
        if (weight == nullptr) {
            continue;
        }
        const std::size_t fan_in = weight->data.size() / weight->shape[0];
        const auto bound = static_cast<float>(std::sqrt((n == last ? 3.0 : 6.0) / static_cast<double>(fan_in)));
        for (std::size_t i = 0; i < weight->data.size(); ++i) {
            const float u = philox_uniform(philox_word(seed, kWeightDraws + number, i));
            weight->data[i] = (2 * u - 1) * bound;
        }
        ++number;
    }
}

Network without_dropout(Network network, const std::map<std::string, double>& dropout) {
    for (const auto& [name, p] : dropout) {
        std::size_t n = 0;
        while (network.nodes[n].name != name) {
            ++n;
        }
        std::size_t source = n;
        for (const Edge& e : network.edges) {
            source = e.to == n ? e.from : source;
        }
        std::erase_if(network.edges, [&](const Edge& e) { return e.to == n; });
        for (Edge& e : network.edges) {
            e.from = e.from == n ? source : e.from;
        }
        network.nodes.erase(network.nodes.begin() + static_cast<std::ptrdiff_t>(n));
        for (Edge& e : network.edges) {
            e.from -= e.from > n;
            e.to -= e.to > n;
        }
    }
    return network;
}

}  // namespace axfire::train
