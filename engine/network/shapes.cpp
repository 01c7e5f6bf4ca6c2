// SPDX-License-Identifier: Apache-2.0
#include "engine/network/shapes.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/network/check.h"

namespace axfire {
namespace {

// Indices into a signal are 32 bits wide.
constexpr std::size_t kMaxElements = std::numeric_limits<std::uint32_t>::max();

[[noreturn]] void misfit(const Node& node, const Node& source, const Shape& got, const std::string& wanted) {
    throw InputError(fmt::format("{}: gets {} from '{}', but {}", describe(node), to_string(got), source.name, wanted));
}

/// C x H x W of a signal; H x W counts as one channel.
std::array<std::size_t, 3> image_of(const Node& node, const Node& source, const Shape& in) {
    if (in.size() == 2) {
        return {1, in[0], in[1]};
    }
    if (in.size() != 3) {
        misfit(node, source, in, "needs channels x height x width");
    }
    return {in[0], in[1], in[2]};
}

std::size_t output_extent(const Node& node, std::size_t in, std::size_t kernel, std::size_t stride, std::size_t pad,
                          std::size_t dilation) {
    try {
        return window_output_size(in, kernel, stride, pad, dilation);
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", describe(node), error.what()));
    }
}

/// The shape a node has whatever its source is; nothing if its source decides.
struct OwnShape {
    std::optional<Shape> operator()(const nodes::Input& input) const { return input.shape; }
    std::optional<Shape> operator()(const nodes::Output& output) const {
        return output.shape.empty() ? std::nullopt : std::optional(output.shape);
    }
    std::optional<Shape> operator()(const nodes::Linear& linear) const { return Shape{linear.weight.shape[0]}; }
    std::optional<Shape> operator()(const nodes::Conv2d&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::Pool2d&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::Flatten&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::Reshape& reshape) const { return reshape.shape; }
    std::optional<Shape> operator()(const nodes::Rearrange& rearrange) const { return rearrange.shape; }
    std::optional<Shape> operator()(const nodes::Concat&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::Multiply&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::BatchNorm&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::Lrn&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::Softmax&) const { return std::nullopt; }
    std::optional<Shape> operator()(const nodes::Scale& scale) const { return unless_one(scale.scale.shape); }
    std::optional<Shape> operator()(const nodes::Bias& bias) const { return unless_one(bias.bias.shape); }
    std::optional<Shape> operator()(const nodes::Threshold& node) const { return unless_one(node.threshold.shape); }
    std::optional<Shape> operator()(const nodes::Delay& delay) const { return unless_one(delay.shape); }
    std::optional<Shape> operator()(const nodes::Neuron& neuron) const { return unless_one(neuron.shape); }

    static std::optional<Shape> unless_one(const Shape& shape) {
        return element_count(shape) == 1 ? std::nullopt : std::optional(shape);
    }
};

/// The shape that follows from a source's, where the node has none of its own.
struct DerivedShape {
    const Node& node;
    const Node& source;
    const Shape& in;

    template <class Elementwise>
    Shape operator()(const Elementwise&) const {
        return in;
    }

    /// A shape of one element may stand for any; where one element arrives it is meant as it is.
    Shape operator()(const nodes::Neuron& neuron) const {
        return element_count(in) == 1 && neuron.shape.size() > in.size() ? neuron.shape : in;
    }

    Shape operator()(const nodes::Conv2d& conv) const {
        const auto [channels, height, width] = image_of(node, source, in);
        const Shape& weight = conv.weight.shape;
        if (channels % conv.groups != 0 || channels / conv.groups != weight[1]) {
            misfit(node, source, in,
                   fmt::format("its weight {} in {} groups needs {} channels", to_string(weight), conv.groups,
                               weight[1] * conv.groups));
        }
        return {weight[0],
                output_extent(node, height, weight[2], conv.stride[0], conv.pad_begin[0] + conv.pad_end[0],
                              conv.dilation[0]),
                output_extent(node, width, weight[3], conv.stride[1], conv.pad_begin[1] + conv.pad_end[1],
                              conv.dilation[1])};
    }

    Shape operator()(const nodes::Pool2d& pool) const {
        const auto [channels, height, width] = image_of(node, source, in);
        return {channels,
                output_extent(node, height, pool.kernel[0], pool.stride[0],
                              pool.pad_begin[0] + pool.pad_end[0] + pool.extra_end[0], pool.dilation[0]),
                output_extent(node, width, pool.kernel[1], pool.stride[1],
                              pool.pad_begin[1] + pool.pad_end[1] + pool.extra_end[1], pool.dilation[1])};
    }

    Shape operator()(const nodes::BatchNorm& norm) const {
        if (in.empty() || in[0] != norm.gamma.data.size()) {
            misfit(node, source, in, fmt::format("normalises {} channels", norm.gamma.data.size()));
        }
        return in;
    }

    Shape operator()(const nodes::Lrn&) const {
        if (in.empty()) {
            misfit(node, source, in, "needs channels");
        }
        return in;
    }

    Shape operator()(const nodes::Softmax& softmax) const {
        if (!resolve_axis(softmax.axis, in.size())) {
            misfit(node, source, in, fmt::format("its axis is {} (the batch is not an axis)", softmax.axis));
        }
        return in;
    }

    Shape operator()(const nodes::Flatten& flatten) const {
        const int rank = static_cast<int>(in.size());
        const int start = flatten.start_dim < 0 ? flatten.start_dim + rank : flatten.start_dim;
        const int end = flatten.end_dim < 0 ? flatten.end_dim + rank : flatten.end_dim;
        if (start < 0 || end >= rank || start > end) {
            misfit(node, source, in,
                   fmt::format("it merges the axes {} to {} (the batch is not an axis)", flatten.start_dim,
                               flatten.end_dim));
        }
        Shape out(in.begin(), in.begin() + start);
        out.push_back(element_count(Shape(in.begin() + start, in.begin() + end + 1)));
        out.insert(out.end(), in.begin() + end + 1, in.end());
        return out;
    }
};

void check_linear(const Node& node, const nodes::Linear& linear, const Node& source, const Shape& in) {
    const std::size_t inputs = linear.weight.shape[1];
    const std::size_t count = element_count(in);
    if (count != inputs) {
        misfit(node, source, in, fmt::format("its weight {} needs {} values", to_string(linear.weight.shape), inputs));
    }
    if (*std::max_element(in.begin(), in.end()) != count) {
        misfit(node, source, in, "needs a vector: put a flatten node (start_dim 0) before it");
    }
}

/// The shape of a node that tells its sources apart; `in` has theirs, in the node's order.
struct OrderedShape {
    const Node& node;
    const std::vector<std::string>& inputs;
    const std::vector<Shape>& in;

    template <class Other>
    Shape operator()(const Other&) const {
        return {};
    }

    Shape operator()(const nodes::Concat& concat) const {
        Shape out = in[0];
        const std::optional<std::size_t> axis = resolve_axis(concat.axis, out.size());
        if (!axis) {
            throw InputError(fmt::format("{}: its axis is {}, but '{}' is {} (the batch is not an axis)",
                                         describe(node), concat.axis, inputs[0], to_string(out)));
        }
        for (std::size_t i = 1; i < in.size(); ++i) {
            Shape expected = out;
            expected[*axis] = in[i].size() > *axis ? in[i][*axis] : 0;
            if (in[i] != expected) {
                throw InputError(fmt::format("{}: gets {} from '{}' and {} from '{}', which differ beside axis {}",
                                             describe(node), to_string(in[0]), inputs[0], to_string(in[i]), inputs[i],
                                             *axis));
            }
            out[*axis] += in[i][*axis];
        }
        return out;
    }

    Shape operator()(const nodes::Multiply&) const {
        bool fits = in[0].size() == in[1].size();
        for (std::size_t axis = 0; fits && axis < in[0].size(); ++axis) {
            fits = in[1][axis] == in[0][axis] || in[1][axis] == 1;
        }
        if (!fits) {
            throw InputError(
                fmt::format("{}: gets {} from '{}' and {} from '{}'; the second must have the extents of "
                            "the first, or 1",
                            describe(node), to_string(in[0]), inputs[0], to_string(in[1]), inputs[1]));
        }
        return in[0];
    }
};

/// Checks one edge once both shapes are known.
void check_edge(const Node& node, const Shape& shape, const Node& source, const Shape& in) {
    if (const auto* linear = std::get_if<nodes::Linear>(&node.kind)) {
        check_linear(node, *linear, source, in);
    } else if (const auto* rearrange = std::get_if<nodes::Rearrange>(&node.kind)) {
        for (const std::uint32_t index : rearrange->source) {
            if (index >= element_count(in) && index != nodes::Rearrange::kFill) {
                misfit(node, source, in, fmt::format("takes element {}", index));
            }
        }
    } else if (std::holds_alternative<nodes::Conv2d>(node.kind) || std::holds_alternative<nodes::Pool2d>(node.kind) ||
               std::holds_alternative<nodes::Flatten>(node.kind) || ordered_inputs(node) != nullptr) {
        return;  // derived from the sources
    } else if (element_count(shape) != element_count(in)) {
        misfit(node, source, in, fmt::format("has the shape {}", to_string(shape)));
    }
}

/// Values that are one for all or one for each element.
void check_lengths(const Node& node, const Shape& shape) {
    const std::size_t count = element_count(shape);
    const auto check = [&](const std::string& what, std::size_t length) {
        if (length != 1 && length != count) {
            throw InputError(fmt::format("{}: its {} has {} values; it must have 1, or {} as its shape {} has",
                                         describe(node), what, length, count, to_string(shape)));
        }
    };
    if (const auto* neuron = std::get_if<nodes::Neuron>(&node.kind)) {
        for (const auto& [name, values] : neuron->parameters) {
            check("parameter " + name, values.size());
        }
    } else if (const auto* delay = std::get_if<nodes::Delay>(&node.kind)) {
        check("delay", delay->delay_s.size());
    }
}

class Inference {
public:
    Inference(const Network& network, const Topology& topology)
        : network_(network),
          topology_(topology),
          shapes_(network.nodes.size()),
          position_(network.nodes.size()),
          targets_(network.nodes.size()) {
        for (std::size_t i = 0; i < topology.order.size(); ++i) {
            position_[topology.order[i]] = i;
        }
        for (const Edge& edge : network.edges) {
            targets_[edge.from].push_back(edge.to);
        }
    }

    std::vector<Shape> run() {
        // Positions in the topological order that may have become known; the first one first, so that the result does
        // not depend on how a file orders nodes and edges.
        std::set<std::size_t> pending;
        for (std::size_t i = 0; i < topology_.order.size(); ++i) {
            pending.insert(pending.end(), i);
        }
        while (!pending.empty()) {
            const std::size_t node = topology_.order[*pending.begin()];
            pending.erase(pending.begin());
            if (!shapes_[node] && resolve(node)) {
                for (const std::size_t target : targets_[node]) {
                    pending.insert(position_[target]);
                }
            }
        }
        std::vector<Shape> result;
        for (std::size_t i = 0; i < shapes_.size(); ++i) {
            // Whatever the input reaches has a shape: any known source of a node fixes it, but of those that tell their
            // sources apart, which may wait for each other in a cycle.
            if (!shapes_[i]) {
                throw InputError(fmt::format("{}: its shape depends on itself; give a neuron node of the cycle a shape",
                                             describe(network_.nodes[i])));
            }
            result.push_back(*shapes_[i]);
        }
        for (const std::size_t i : topology_.order) {
            check_lengths(network_.nodes[i], result[i]);
            check_sources(i, topology_.feed_forward[i], result);
            check_sources(i, topology_.recurrent[i], result);
        }
        return result;
    }

private:
    bool resolve(std::size_t i) {
        const Node& node = network_.nodes[i];
        if (const std::vector<std::string>* inputs = ordered_inputs(node)) {
            shapes_[i] = ordered_shape(i, *inputs);
            return shapes_[i].has_value() && check_size(i);
        }
        shapes_[i] = std::visit(OwnShape{}, node.kind);
        for (const auto* sources : {&topology_.feed_forward[i], &topology_.recurrent[i]}) {
            for (const std::size_t source : *sources) {
                if (!shapes_[i] && shapes_[source]) {
                    shapes_[i] = std::visit(DerivedShape{node, network_.nodes[source], *shapes_[source]}, node.kind);
                }
            }
        }
        return shapes_[i].has_value() && check_size(i);
    }

    /// The shape that follows from all of the named sources; nothing while one of theirs is unknown.
    std::optional<Shape> ordered_shape(std::size_t i, const std::vector<std::string>& inputs) const {
        std::vector<Shape> in;
        for (const std::string& name : inputs) {
            for (const auto* sources : {&topology_.feed_forward[i], &topology_.recurrent[i]}) {
                for (const std::size_t source : *sources) {
                    if (network_.nodes[source].name == name) {
                        if (!shapes_[source]) {
                            return std::nullopt;
                        }
                        in.push_back(*shapes_[source]);
                    }
                }
            }
        }
        return std::visit(OrderedShape{network_.nodes[i], inputs, in}, network_.nodes[i].kind);
    }

    bool check_size(std::size_t i) const {
        if (element_count(*shapes_[i]) > kMaxElements) {
            throw InputError(fmt::format("{}: its shape {} has more than {} elements", describe(network_.nodes[i]),
                                         to_string(*shapes_[i]), kMaxElements));
        }
        return true;
    }

    void check_sources(std::size_t i, const std::vector<std::size_t>& sources, const std::vector<Shape>& shapes) const {
        for (const std::size_t source : sources) {
            check_edge(network_.nodes[i], shapes[i], network_.nodes[source], shapes[source]);
        }
    }

    const Network& network_;
    const Topology& topology_;
    std::vector<std::optional<Shape>> shapes_;
    std::vector<std::size_t> position_;
    std::vector<std::vector<std::size_t>> targets_;
};

}  // namespace

std::vector<Shape> infer_shapes(const Network& network, const Topology& topology) {
    return Inference(network, topology).run();
}

}  // namespace axfire
