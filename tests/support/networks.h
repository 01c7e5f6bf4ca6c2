// SPDX-License-Identifier: Apache-2.0
// Small networks for tests: built by names, compared field by field.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/network/network.h"

namespace axfire::testing {

/// A network of named nodes; edges are given by names.
struct NetworkBuilder {
    Network network;

    NetworkBuilder& add(const std::string& name, NodeKind kind) {
        network.nodes.push_back({name, std::move(kind)});
        return *this;
    }

    std::size_t find(const std::string& name) const {
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            if (network.nodes[i].name == name) {
                return i;
            }
        }
        throw std::logic_error("no node " + name);
    }

    NetworkBuilder& edge(const std::string& from, const std::string& to) {
        network.edges.push_back({find(from), find(to)});
        return *this;
    }

    /// a -> b -> c ...
    NetworkBuilder& chain(const std::vector<std::string>& names) {
        for (std::size_t i = 0; i + 1 < names.size(); ++i) {
            edge(names[i], names[i + 1]);
        }
        return *this;
    }
};

/// The node of that name, of a kind that the test knows.
template <class Kind>
const Kind& node_of(const Network& network, const std::string& name) {
    return std::get<Kind>(network.nodes[NetworkBuilder{network}.find(name)].kind);
}

inline bool has_edge(const Network& network, const std::string& from, const std::string& to) {
    const NetworkBuilder b{network};
    const Edge edge{b.find(from), b.find(to)};
    return std::find(network.edges.begin(), network.edges.end(), edge) != network.edges.end();
}

inline Tensor tensor(Shape shape, float value = 0.5F) {
    const std::size_t count = element_count(shape);
    return {std::move(shape), std::vector<float>(count, value)};
}

inline nodes::Linear linear(std::size_t out, std::size_t in) {
    return {tensor({out, in}), {}};
}

inline nodes::Neuron if_neurons(Shape shape) {
    return {"if", std::move(shape), {{"v_threshold", {1.0}}}};
}

inline nodes::Conv2d conv2d(std::size_t out, std::size_t in_per_group, std::size_t kernel) {
    nodes::Conv2d conv;
    conv.weight = tensor({out, in_per_group, kernel, kernel});
    return conv;
}

/// The same network with nodes and edges in another order.
inline Network shuffled(const Network& network, std::mt19937_64& random) {
    std::vector<std::size_t> new_index(network.nodes.size());
    for (std::size_t i = 0; i < new_index.size(); ++i) {
        new_index[i] = i;
    }
    std::shuffle(new_index.begin(), new_index.end(), random);
    Network result = network;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        result.nodes[new_index[i]] = network.nodes[i];
    }
    for (Edge& edge : result.edges) {
        edge = {new_index[edge.from], new_index[edge.to]};
    }
    std::shuffle(result.edges.begin(), result.edges.end(), random);
    return result;
}

/// Equal bits, so that -0 differs from 0.
template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

inline bool same(const Tensor& a, const Tensor& b) {
    return a.empty() == b.empty() && (a.empty() || a.shape == b.shape) && same_bits(a.data, b.data);
}

struct SameKind {
    const NodeKind& other;

    bool operator()(const nodes::Input& a) const { return a.shape == std::get<nodes::Input>(other).shape; }
    bool operator()(const nodes::Output& a) const { return a.shape == std::get<nodes::Output>(other).shape; }
    bool operator()(const nodes::Linear& a) const {
        const auto& b = std::get<nodes::Linear>(other);
        return same(a.weight, b.weight) && same(a.bias, b.bias);
    }
    bool operator()(const nodes::Conv2d& a) const {
        const auto& b = std::get<nodes::Conv2d>(other);
        return same(a.weight, b.weight) && same(a.bias, b.bias) && a.stride == b.stride && a.pad_begin == b.pad_begin &&
               a.pad_end == b.pad_end && a.dilation == b.dilation && a.groups == b.groups && a.pad_same == b.pad_same;
    }
    bool operator()(const nodes::Pool2d& a) const {
        const auto& b = std::get<nodes::Pool2d>(other);
        return a.kind == b.kind && a.kernel == b.kernel && a.stride == b.stride && a.pad_begin == b.pad_begin &&
               a.pad_end == b.pad_end && a.extra_end == b.extra_end && a.dilation == b.dilation &&
               a.count_include_pad == b.count_include_pad;
    }
    bool operator()(const nodes::Flatten& a) const {
        const auto& b = std::get<nodes::Flatten>(other);
        return a.start_dim == b.start_dim && a.end_dim == b.end_dim;
    }
    bool operator()(const nodes::Reshape& a) const { return a.shape == std::get<nodes::Reshape>(other).shape; }
    bool operator()(const nodes::Rearrange& a) const {
        const auto& b = std::get<nodes::Rearrange>(other);
        return a.shape == b.shape && a.source == b.source && a.fill == b.fill;
    }
    bool operator()(const nodes::Concat& a) const {
        const auto& b = std::get<nodes::Concat>(other);
        return a.axis == b.axis && a.inputs == b.inputs;
    }
    bool operator()(const nodes::Multiply& a) const { return a.inputs == std::get<nodes::Multiply>(other).inputs; }
    bool operator()(const nodes::Scale& a) const {
        const auto& b = std::get<nodes::Scale>(other);
        return same(a.scale, b.scale) && a.divide == b.divide;
    }
    bool operator()(const nodes::Bias& a) const { return same(a.bias, std::get<nodes::Bias>(other).bias); }
    bool operator()(const nodes::BatchNorm& a) const {
        const auto& b = std::get<nodes::BatchNorm>(other);
        return same(a.gamma, b.gamma) && same(a.beta, b.beta) && same(a.mean, b.mean) && same(a.variance, b.variance) &&
               a.epsilon == b.epsilon;
    }
    bool operator()(const nodes::Lrn& a) const {
        const auto& b = std::get<nodes::Lrn>(other);
        return a.size == b.size && a.alpha == b.alpha && a.beta == b.beta && a.bias == b.bias;
    }
    bool operator()(const nodes::Softmax& a) const { return a.axis == std::get<nodes::Softmax>(other).axis; }
    bool operator()(const nodes::Threshold& a) const {
        return same(a.threshold, std::get<nodes::Threshold>(other).threshold);
    }
    bool operator()(const nodes::Delay& a) const {
        const auto& b = std::get<nodes::Delay>(other);
        return a.shape == b.shape && same_bits(a.delay_s, b.delay_s);
    }
    bool operator()(const nodes::Neuron& a) const {
        const auto& b = std::get<nodes::Neuron>(other);
        if (a.model != b.model || a.shape != b.shape || a.parameters.size() != b.parameters.size()) {
            return false;
        }
        for (const auto& [name, values] : a.parameters) {
            if (!b.parameters.contains(name) || !same_bits(values, b.parameters.at(name))) {
                return false;
            }
        }
        return true;
    }
};

inline void expect_same(const Network& a, const Network& b) {
    ASSERT_EQ(a.nodes.size(), b.nodes.size());
    for (std::size_t i = 0; i < a.nodes.size(); ++i) {
        EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
        ASSERT_EQ(a.nodes[i].kind.index(), b.nodes[i].kind.index()) << a.nodes[i].name;
        EXPECT_TRUE(std::visit(SameKind{b.nodes[i].kind}, a.nodes[i].kind)) << a.nodes[i].name;
    }
    EXPECT_EQ(a.edges, b.edges);
    EXPECT_EQ(a.conventions, b.conventions);
    EXPECT_EQ(a.provenance, b.provenance);
}

}  // namespace axfire::testing
