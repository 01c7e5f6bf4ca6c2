// SPDX-License-Identifier: Apache-2.0
// A network: a directed graph of nodes, as a file describes it and before it is compiled for a simulation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "neurons/conventions.h"

namespace axfire {

using Shape = std::vector<std::size_t>;

/// Number of elements; 1 for the empty shape.
std::size_t element_count(const Shape& shape);
/// "2x34x34"; "scalar" for the empty shape.
std::string to_string(const Shape& shape);

/// Values in C order. No data: the tensor is absent (a layer without bias).
struct Tensor {
    Shape shape;
    std::vector<float> data;
    bool empty() const { return data.empty(); }
};

namespace nodes {

/// Where the samples enter.
struct Input {
    Shape shape;
};

/// Where the result leaves; any number of elements of the node before it.
struct Output {
    Shape shape;  ///< empty: whatever arrives
};

/// y = W x (+ b): `linear` without bias, `affine` with one.
struct Linear {
    Tensor weight;  ///< [out][in]
    Tensor bias;    ///< [out] or absent
};

struct Conv2d {
    Tensor weight;  ///< [C_out][C_in / groups][K_h][K_w]
    Tensor bias;    ///< [C_out] or absent
    std::array<std::size_t, 2> stride{1, 1};
    std::array<std::size_t, 2> pad_begin{0, 0};  ///< rows above, columns left
    std::array<std::size_t, 2> pad_end{0, 0};    ///< rows below, columns right
    std::array<std::size_t, 2> dilation{1, 1};
    std::size_t groups = 1;
    bool pad_same = false;  ///< padding "same" (stride 1): pad_begin and pad_end were computed from the kernel
};

struct Pool2d {
    enum class Kind { sum, average, maximum } kind = Kind::sum;
    std::array<std::size_t, 2> kernel{2, 2};
    std::array<std::size_t, 2> stride{2, 2};
    std::array<std::size_t, 2> pad_begin{0, 0};
    std::array<std::size_t, 2> pad_end{0, 0};
    std::array<std::size_t, 2> extra_end{0, 0};  ///< past the padding, as ceil mode has it; an average never counts it
    bool count_include_pad = true;               ///< average: divide by the full window at the border too
    std::array<std::size_t, 2> dilation{1, 1};
};

/// Merges axes start..end (inclusive; negative counts from the last) into one. The batch axis does not exist here.
struct Flatten {
    int start_dim = 0;
    int end_dim = -1;
};

/// The same values in the same order under another shape.
struct Reshape {
    Shape shape;
};

/// y[i] = x[source[i]], or `fill` where source[i] is kFill: slices, permutations, padding.
struct Rearrange {
    static constexpr std::uint32_t kFill = 0xffffffff;
    Shape shape;
    std::vector<std::uint32_t> source;  ///< one for each element of `shape`, in C order
    float fill = 0;
};

/// The sources one behind the other along an axis.
struct Concat {
    int axis = 0;                     ///< negative counts from the last; the batch is no axis
    std::vector<std::string> inputs;  ///< names of the sources in order; one may come more than once
};

/// y = a * b, element by element.
struct Multiply {
    std::vector<std::string> inputs;  ///< names of a and b; b may have extents of 1 where a has more
};

/// y = s * x, element by element; or x times 1/s, formed in binary64 and rounded once.
struct Scale {
    Tensor scale;  ///< the node's shape, or one element for all
    bool divide = false;
};

/// y = x + b, element by element.
struct Bias {
    Tensor bias;  ///< the node's shape, or one element for all
};

/// y = x g + b with g = gamma / sqrt(variance + epsilon) and b = beta - mean g, formed in binary64.
struct BatchNorm {
    Tensor gamma, beta, mean, variance;  ///< [C] each
    double epsilon = 1e-5;
};

/// Local response normalisation over channels: y_c = x_c (bias + alpha / size * sum x_i^2)^-beta, i the `size`
/// channels around c (size / 2, rounded down after (size - 1) / 2 before). Krizhevsky et al., NIPS 2012, as ONNX has
/// it.
struct Lrn {
    std::size_t size = 5;
    double alpha = 1e-4, beta = 0.75, bias = 1;
};

/// exp(x_i - max) / sum exp(x_j - max) along an axis, in binary32.
struct Softmax {
    int axis = -1;  ///< negative counts from the last; the batch is no axis
};

/// A spike wherever the input exceeds the threshold (or reaches it, by Conventions::fire); no state.
struct Threshold {
    Tensor threshold;  ///< the node's shape, or one element for all
};

/// y(t) = x(t - delay).
struct Delay {
    Shape shape;
    std::vector<double> delay_s;  ///< one for each element, or one for all; seconds
};

/// A population of neurons of one model of neurons/models. Each parameter has one value for all or one for each neuron.
struct Neuron {
    std::string model;  ///< "if", "lif", ..., and those without state: "relu", "clip", ...
    Shape shape;
    std::map<std::string, std::vector<double>> parameters;  ///< those that differ from the model's defaults, at least
};

}  // namespace nodes

using NodeKind =
    std::variant<nodes::Input, nodes::Output, nodes::Linear, nodes::Conv2d, nodes::Pool2d, nodes::Flatten,
                 nodes::Reshape, nodes::Rearrange, nodes::Concat, nodes::Multiply, nodes::Scale, nodes::Bias,
                 nodes::BatchNorm, nodes::Lrn, nodes::Softmax, nodes::Threshold, nodes::Delay, nodes::Neuron>;

struct Node {
    std::string name;
    NodeKind kind;
};

/// "input", "linear", "affine", "conv2d", "sumpool2d", "avgpool2d", "maxpool2d", "flatten", "reshape", "rearrange",
/// "concat", "multiply", "scale", "bias", "batchnorm", "lrn", "softmax", "threshold", "delay", "output", or the neuron
/// model's name.
std::string type_name(const Node& node);

struct Edge {
    std::size_t from;
    std::size_t to;
    friend auto operator<=>(const Edge&, const Edge&) = default;
};

struct Network {
    std::vector<Node> nodes;  ///< exactly one input and one output
    std::vector<Edge> edges;
    Conventions conventions;
    std::string provenance;  ///< where it came from: file, format and version, free text
};

/// The graph with everything a simulation needs to know of its structure.
struct Topology {
    std::vector<Shape> shape;                            ///< output shape of each node
    std::vector<std::size_t> order;                      ///< node indices in topological order, ties by name
    std::vector<std::vector<std::size_t>> feed_forward;  ///< sources of each node within a step, in topological order
    std::vector<std::vector<std::size_t>> recurrent;  ///< sources whose last step's spikes arrive, in topological order
};

/// Infers every shape and orders the nodes. Within a strongly connected component every edge that leaves a spiking node
/// is recurrent (delayed by one step); a delay node of such a component passes its input on after at least one step.
/// Throws InputError that names the nodes: a shape that does not fit, a dangling edge, a duplicate name, no or several
/// inputs or outputs, a node that no input reaches or that has the wrong number of sources, a parameter of the wrong
/// length or out of its range, a cycle with neither a spiking node nor a delay.
Topology analyse(const Network& network);

/// True for a neuron model that fires and for a threshold node.
bool emits_spikes(const Node& node);

/// True for a neuron model with a state, and for a delay.
bool keeps_state(const Node& node);

/// Names of the sources in order, where a node tells them apart (concat, multiply); else nullptr.
const std::vector<std::string>* ordered_inputs(const Node& node);

/// An axis that may count from the last, as an index below `rank`; nothing where it is out of range.
std::optional<std::size_t> resolve_axis(int axis, std::size_t rank);

/// Output height or width of a convolution or pooling; `pad` is that of both sides together. Throws InputError when the
/// kernel does not fit.
std::size_t window_output_size(std::size_t in, std::size_t kernel, std::size_t stride, std::size_t pad,
                               std::size_t dilation);

}  // namespace axfire
