// SPDX-License-Identifier: Apache-2.0
#include "engine/network/simplify.h"

#include <algorithm>

#include "engine/network/affine_channel.h"
#include "neurons/model_info.h"

namespace axfire {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// Edges by node.
struct Neighbours {
    std::vector<std::vector<std::size_t>> sources, targets;

    explicit Neighbours(const Network& network) : sources(network.nodes.size()), targets(network.nodes.size()) {
        for (const Edge& edge : network.edges) {
            sources[edge.to].push_back(edge.from);
            targets[edge.from].push_back(edge.to);
        }
    }

    /// The only source of a node, if it has no other target; else kNone.
    std::size_t own_source(std::size_t node) const {
        if (sources[node].size() != 1 || targets[sources[node][0]].size() != 1) {
            return kNone;
        }
        return sources[node][0];
    }
};

/// Removes the marked nodes, each of which has one source: their targets get it.
void remove(Network& network, const std::vector<bool>& removed) {
    std::vector<std::size_t> stands_for(network.nodes.size(), kNone);
    for (const Edge& edge : network.edges) {
        if (removed[edge.to]) {
            stands_for[edge.to] = edge.from;
        }
    }
    const auto kept = [&](std::size_t node) {
        while (removed[node]) {
            node = stands_for[node];
        }
        return node;
    };
    std::vector<std::size_t> index(network.nodes.size());
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        if (!removed[i]) {
            index[i] = nodes.size();
            nodes.push_back(network.nodes[i]);
            // Nodes that tell their inputs apart know them by name.
            std::vector<std::string>* inputs = nullptr;
            if (auto* concat = std::get_if<nodes::Concat>(&nodes.back().kind)) {
                inputs = &concat->inputs;
            } else if (auto* multiply = std::get_if<nodes::Multiply>(&nodes.back().kind)) {
                inputs = &multiply->inputs;
            }
            for (std::size_t k = 0; inputs != nullptr && k < inputs->size(); ++k) {
                const auto named = [&](const Node& node) { return node.name == (*inputs)[k]; };
                const auto found = std::find_if(network.nodes.begin(), network.nodes.end(), named);
                if (found != network.nodes.end()) {
                    const auto at = static_cast<std::size_t>(found - network.nodes.begin());
                    (*inputs)[k] = network.nodes[kept(at)].name;
                }
            }
        }
    }
    std::vector<Edge> edges;
    for (const Edge& edge : network.edges) {
        if (!removed[edge.to]) {
            edges.push_back({index[kept(edge.from)], index[edge.to]});
        }
    }
    network.nodes = std::move(nodes);
    network.edges = std::move(edges);
}

/// One value for each of n channels where the tensor has the same all over each; else none.
std::vector<float> by_channel(const Tensor& tensor, std::size_t n) {
    if (tensor.data.size() == 1) {
        return std::vector<float>(n, tensor.data[0]);
    }
    if (tensor.shape.empty() || tensor.shape[0] != n) {
        return {};
    }
    const std::size_t plane = tensor.data.size() / n;
    std::vector<float> values;
    for (std::size_t c = 0; c < n; ++c) {
        const auto first = tensor.data.begin() + static_cast<std::ptrdiff_t>(c * plane);
        const auto last = first + static_cast<std::ptrdiff_t>(plane);
        if (std::any_of(first, last, [&](float x) { return x != *first; })) {
            return {};
        }
        values.push_back(*first);
    }
    return values;
}

/// Weight and bias of a projection; null for other nodes.
struct Projection {
    Tensor* weight = nullptr;
    Tensor* bias = nullptr;

    explicit Projection(Node& node) {
        if (auto* conv = std::get_if<nodes::Conv2d>(&node.kind)) {
            weight = &conv->weight;
            bias = &conv->bias;
        } else if (auto* linear = std::get_if<nodes::Linear>(&node.kind)) {
            weight = &linear->weight;
            bias = &linear->bias;
        }
    }
};

}  // namespace

void merge_biases(Network& network) {
    const Neighbours near(network);
    std::vector<bool> removed(network.nodes.size());
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const auto* bias = std::get_if<nodes::Bias>(&network.nodes[i].kind);
        const std::size_t source = near.own_source(i);
        if (bias == nullptr || source == kNone || removed[source]) {
            continue;
        }
        const Projection before(network.nodes[source]);
        if (before.weight == nullptr || !before.bias->empty()) {
            continue;
        }
        const std::size_t channels = before.weight->shape[0];
        std::vector<float> values = by_channel(bias->bias, channels);
        if (!values.empty()) {
            *before.bias = {{channels}, std::move(values)};
            removed[i] = true;
        }
    }
    remove(network, removed);
}

void merge_sums(Network& network) {
    const Neighbours near(network);
    std::vector<bool> removed(network.nodes.size());
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        auto* after = std::get_if<nodes::Neuron>(&network.nodes[i].kind);
        const std::size_t source = near.own_source(i);
        if (after == nullptr || source == kNone || removed[source]) {
            continue;
        }
        const ModelInfo* model = find_model(after->model.c_str());
        auto* sum = std::get_if<nodes::Neuron>(&network.nodes[source].kind);
        if (sum == nullptr || sum->model != "identity" || near.sources[source].size() < 2 || model == nullptr ||
            !model->stateless) {
            continue;
        }
        *sum = *after;
        std::swap(network.nodes[source].name, network.nodes[i].name);
        removed[i] = true;
    }
    remove(network, removed);
}

void fold_batch_norm(Network& network) {
    const Neighbours near(network);
    std::vector<bool> removed(network.nodes.size());
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const auto* norm = std::get_if<nodes::BatchNorm>(&network.nodes[i].kind);
        const std::size_t source = near.own_source(i);
        if (norm == nullptr || source == kNone || removed[source]) {
            continue;
        }
        const Projection before(network.nodes[source]);
        if (before.weight == nullptr || before.weight->shape[0] != norm->gamma.data.size()) {
            continue;
        }
        const std::size_t channels = before.weight->shape[0];
        const std::size_t each = before.weight->data.size() / channels;
        if (before.bias->empty()) {
            *before.bias = {{channels}, std::vector<float>(channels)};
        }
        for (std::size_t c = 0; c < channels; ++c) {
            const AffineChannel a = affine_channel(*norm, c);
            for (std::size_t k = c * each; k < (c + 1) * each; ++k) {
                before.weight->data[k] = static_cast<float>(before.weight->data[k] * a.gain);
            }
            before.bias->data[c] = static_cast<float>(before.bias->data[c] * a.gain + a.shift);
        }
        removed[i] = true;
    }
    remove(network, removed);
}

}  // namespace axfire
