// SPDX-License-Identifier: Apache-2.0
#include "engine/network/check.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "arith/error.h"
#include "neurons/model_info.h"

namespace axfire {
namespace {

constexpr std::size_t kMaxWindow = std::size_t{1} << 24;  // of a kernel, stride, padding or dilation
constexpr std::size_t kMaxNameBytes = 255;

void check_tensor(const Node& node, const char* what, const Tensor& tensor) {
    if (element_count(tensor.shape) != tensor.data.size()) {
        throw InputError(fmt::format("{}: its {} has the shape {} but {} values", describe(node), what,
                                     to_string(tensor.shape), tensor.data.size()));
    }
}

void check_bias(const Node& node, const Tensor& bias, std::size_t outputs) {
    if (bias.empty()) {
        return;
    }
    check_tensor(node, "bias", bias);
    if (bias.data.size() != outputs) {
        throw InputError(fmt::format("{}: its bias has {} values for {} outputs; it needs one for each", describe(node),
                                     bias.data.size(), outputs));
    }
}

void check_weight(const Node& node, const Tensor& weight, std::size_t rank, const char* axes) {
    check_tensor(node, "weight", weight);
    if (weight.shape.size() != rank || weight.empty()) {
        throw InputError(fmt::format("{}: its weight has the shape {}; it must be {}, none of them 0", describe(node),
                                     to_string(weight.shape), axes));
    }
}

void check_window(const Node& node, const char* what, const std::array<std::size_t, 2>& sizes, std::size_t least) {
    for (const std::size_t size : sizes) {
        if (size < least || size > kMaxWindow) {
            throw InputError(fmt::format("{}: its {} of {} x {} must be {} to {}", describe(node), what, sizes[0],
                                         sizes[1], least, kMaxWindow));
        }
    }
}

void check_extents(const Node& node, const Shape& shape) {
    if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) {
        throw InputError(fmt::format("{}: its shape {} has an extent of 0", describe(node), to_string(shape)));
    }
}

/// The parameter of that name, or nullptr.
const ModelParameter* find_parameter(const ModelInfo& model, const std::string& name) {
    const auto* end = model.parameters + model.parameter_count;
    const auto* found = std::find_if(model.parameters, end, [&](const ModelParameter& p) { return name == p.name; });
    return found == end ? nullptr : found;
}

std::string parameter_list(const ModelInfo& model) {
    std::string list;
    for (unsigned i = 0; i < model.parameter_count; ++i) {
        list += (i == 0 ? "" : ", ") + std::string(model.parameters[i].name);
    }
    return list;
}

std::string model_list() {
    std::string list;
    for (const ModelInfo* const* model = all_models(); *model != nullptr; ++model) {
        list += (list.empty() ? "" : ", ") + std::string((*model)->name);
    }
    return list;
}

void check_values(const Node& node, const ModelParameter& parameter, const std::vector<double>& values) {
    for (const double value : values) {
        // Times are not negative, be they positive or not.
        const bool is_time = std::string_view(parameter.unit) == "s";
        if (!std::isfinite(value) || (parameter.positive && !(value > 0)) || (is_time && value < 0)) {
            throw InputError(fmt::format("{}: its parameter {} is {}{}; it must be {}", describe(node), parameter.name,
                                         value, is_time ? " s" : "",
                                         parameter.positive ? "finite and greater than 0"
                                         : is_time          ? "finite and not negative"
                                                            : "finite"));
        }
    }
}

struct NodeCheck {
    const Node& node;

    void operator()(const nodes::Input& input) const {
        if (input.shape.empty()) {
            throw InputError(fmt::format("{}: has no shape; the input needs one, such as 2x34x34", describe(node)));
        }
        check_extents(node, input.shape);
    }

    void operator()(const nodes::Output& output) const { check_extents(node, output.shape); }

    void operator()(const nodes::Linear& linear) const {
        check_weight(node, linear.weight, 2, "outputs x inputs");
        check_bias(node, linear.bias, linear.weight.shape[0]);
    }

    void operator()(const nodes::Conv2d& conv) const {
        check_weight(node, conv.weight, 4, "C_out x C_in/groups x K_h x K_w");
        check_bias(node, conv.bias, conv.weight.shape[0]);
        check_window(node, "kernel", {conv.weight.shape[2], conv.weight.shape[3]}, 1);
        check_window(node, "stride", conv.stride, 1);
        check_window(node, "dilation", conv.dilation, 1);
        check_window(node, "padding", conv.pad_begin, 0);
        check_window(node, "padding", conv.pad_end, 0);
        if (conv.groups == 0 || conv.weight.shape[0] % conv.groups != 0) {
            throw InputError(fmt::format("{}: its {} groups do not divide its {} output channels", describe(node),
                                         conv.groups, conv.weight.shape[0]));
        }
        for (std::size_t axis = 0; conv.pad_same && axis < 2; ++axis) {
            const std::size_t pad = conv.dilation[axis] * (conv.weight.shape[2 + axis] - 1);
            if (conv.stride[axis] != 1 || conv.pad_begin[axis] != pad / 2 || conv.pad_end[axis] != pad - pad / 2) {
                throw InputError(
                    fmt::format("{}: its padding \"same\" needs stride 1 (it is {} x {}) and pads {} in all",
                                describe(node), conv.stride[0], conv.stride[1], pad));
            }
        }
    }

    void operator()(const nodes::Pool2d& pool) const {
        check_window(node, "kernel", pool.kernel, 1);
        check_window(node, "stride", pool.stride, 1);
        check_window(node, "dilation", pool.dilation, 1);
        check_window(node, "padding", pool.extra_end, 0);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::size_t span = pool.dilation[axis] * (pool.kernel[axis] - 1) + 1;
            if (pool.pad_begin[axis] >= span || pool.pad_end[axis] >= span) {
                throw InputError(fmt::format("{}: its padding must be smaller than its kernel of {} x {}",
                                             describe(node), pool.kernel[0], pool.kernel[1]));
            }
        }
    }

    void operator()(const nodes::Flatten&) const {}

    void operator()(const nodes::Reshape& reshape) const { check_extents(node, reshape.shape); }

    void operator()(const nodes::Rearrange& rearrange) const {
        check_extents(node, rearrange.shape);
        if (rearrange.source.size() != element_count(rearrange.shape)) {
            throw InputError(fmt::format("{}: has {} sources for the {} elements of its shape {}", describe(node),
                                         rearrange.source.size(), element_count(rearrange.shape),
                                         to_string(rearrange.shape)));
        }
        if (!std::isfinite(rearrange.fill)) {
            throw InputError(fmt::format("{}: fills with {}; it must be finite", describe(node), rearrange.fill));
        }
    }

    void operator()(const nodes::Concat&) const {}

    void operator()(const nodes::Multiply& multiply) const {
        if (multiply.inputs.size() != 2) {
            throw InputError(
                fmt::format("{}: multiplies {} inputs; it takes 2", describe(node), multiply.inputs.size()));
        }
    }

    void operator()(const nodes::Scale& scale) const {
        check_elements(scale.scale, "scale");
        if (scale.divide &&
            std::find(scale.scale.data.begin(), scale.scale.data.end(), 0.0F) != scale.scale.data.end()) {
            throw InputError(fmt::format("{}: divides by 0", describe(node)));
        }
    }

    void operator()(const nodes::Bias& bias) const { check_elements(bias.bias, "bias"); }

    void operator()(const nodes::BatchNorm& norm) const {
        check_tensor(node, "gamma", norm.gamma);
        for (const auto& [what, tensor] :
             {std::pair{"beta", &norm.beta}, std::pair{"mean", &norm.mean}, std::pair{"variance", &norm.variance}}) {
            check_tensor(node, what, *tensor);
            if (norm.gamma.empty() || tensor->data.size() != norm.gamma.data.size()) {
                throw InputError(
                    fmt::format("{}: its gamma has {} values and its {} {}; each needs one for each channel",
                                describe(node), norm.gamma.data.size(), what, tensor->data.size()));
            }
        }
        for (const float variance : norm.variance.data) {
            const double sum = static_cast<double>(variance) + norm.epsilon;
            if (!(sum > 0) || !std::isfinite(sum)) {
                throw InputError(fmt::format("{}: its variance {} and epsilon {} must have a finite sum above 0",
                                             describe(node), variance, norm.epsilon));
            }
        }
    }

    void operator()(const nodes::Lrn& lrn) const {
        if (lrn.size < 1 || lrn.size > kMaxWindow || !std::isfinite(lrn.alpha) || !std::isfinite(lrn.beta) ||
            !std::isfinite(lrn.bias)) {
            throw InputError(fmt::format("{}: its size {} must be 1 to {}, and alpha {}, beta {} and bias {} finite",
                                         describe(node), lrn.size, kMaxWindow, lrn.alpha, lrn.beta, lrn.bias));
        }
    }

    void operator()(const nodes::Softmax&) const {}

    void operator()(const nodes::Threshold& threshold) const { check_elements(threshold.threshold, "threshold"); }

    void operator()(const nodes::Delay& delay) const {
        check_extents(node, delay.shape);
        if (delay.delay_s.empty()) {
            throw InputError(fmt::format("{}: has no delay", describe(node)));
        }
        for (const double value : delay.delay_s) {
            if (!std::isfinite(value) || value < 0) {
                throw InputError(
                    fmt::format("{}: its delay is {} s; it must be finite and not negative", describe(node), value));
            }
        }
    }

    void operator()(const nodes::Neuron& neuron) const {
        const ModelInfo* model = find_model(neuron.model.c_str());
        if (model == nullptr) {
            throw InputError(fmt::format("the node '{}': unknown neuron model {:?}; known are {}", node.name,
                                         neuron.model, model_list()));
        }
        check_extents(node, neuron.shape);
        for (unsigned i = 0; i < model->parameter_count; ++i) {
            if (model->parameters[i].required && !neuron.parameters.contains(model->parameters[i].name)) {
                throw InputError(
                    fmt::format("{}: its parameter {} is missing", describe(node), model->parameters[i].name));
            }
        }
        for (const auto& [name, values] : neuron.parameters) {
            const ModelParameter* parameter = find_parameter(*model, name);
            if (parameter == nullptr) {
                throw InputError(fmt::format("{}: has a parameter {:?}; the model has {}", describe(node), name,
                                             parameter_list(*model)));
            }
            if (values.empty()) {
                throw InputError(fmt::format("{}: its parameter {} has no value", describe(node), name));
            }
            check_values(node, *parameter, values);
        }
    }

private:
    void check_elements(const Tensor& tensor, const char* what) const {
        check_tensor(node, what, tensor);
        if (tensor.empty()) {
            throw InputError(fmt::format("{}: its {} has no values", describe(node), what));
        }
    }
};

void check_names(const Network& network) {
    std::set<std::string_view> names;
    for (const Node& node : network.nodes) {
        const bool plain = std::all_of(node.name.begin(), node.name.end(),
                                       [](unsigned char c) { return c >= 0x20 && c != '/' && c != 0x7f; });
        if (node.name.empty() || node.name == "." || node.name == ".." || node.name.size() > kMaxNameBytes || !plain) {
            throw InputError(fmt::format("the node name {:?} must be 1 to {} bytes, without '/' and control characters",
                                         node.name.substr(0, 64), kMaxNameBytes));
        }
        if (!names.insert(node.name).second) {
            throw InputError(fmt::format("two nodes are named '{}'; names must differ", node.name));
        }
    }
}

template <class Kind>
void check_only_one(const Network& network, const char* what) {
    std::string names;
    std::size_t count = 0;
    for (const Node& node : network.nodes) {
        if (std::holds_alternative<Kind>(node.kind)) {
            names += (count++ == 0 ? "" : ", ") + ("'" + node.name + "'");
        }
    }
    if (count != 1) {
        throw InputError(
            count == 0 ? fmt::format("the network has no {} node; it needs one", what)
                       : fmt::format("the network has {} {} nodes ({}); exactly one is supported", count, what, names));
    }
}

void check_edges(const Network& network) {
    std::set<Edge> seen;
    for (const Edge& edge : network.edges) {
        const std::size_t count = network.nodes.size();
        if (edge.from >= count || edge.to >= count) {
            throw InputError(fmt::format("an edge joins the nodes {} and {}, but the network has {} nodes", edge.from,
                                         edge.to, count));
        }
        const Node& from = network.nodes[edge.from];
        const Node& to = network.nodes[edge.to];
        if (!seen.insert(edge).second) {
            throw InputError(fmt::format("the edge '{}' -> '{}' is given twice", from.name, to.name));
        }
        if (std::holds_alternative<nodes::Output>(from.kind) || std::holds_alternative<nodes::Input>(to.kind)) {
            throw InputError(
                fmt::format("the edge '{}' -> '{}' leaves an output or enters an input", from.name, to.name));
        }
    }
}

void check_source_counts(const Network& network) {
    std::vector<std::vector<std::size_t>> sources(network.nodes.size());
    for (const Edge& edge : network.edges) {
        sources[edge.to].push_back(edge.from);
    }
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const Node& node = network.nodes[i];
        if (std::holds_alternative<nodes::Input>(node.kind)) {
            continue;
        }
        if (sources[i].empty()) {
            throw InputError(fmt::format("{}: no edge leads to it; connect or remove it", describe(node)));
        }
        std::vector<std::string> names;
        for (const std::size_t source : sources[i]) {
            names.push_back(network.nodes[source].name);
        }
        std::sort(names.begin(), names.end());
        if (const std::vector<std::string>* inputs = ordered_inputs(node)) {
            std::vector<std::string> listed = *inputs;
            std::sort(listed.begin(), listed.end());
            listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
            if (listed != names) {
                throw InputError(fmt::format("{}: lists the inputs {}, but edges lead to it from {}", describe(node),
                                             fmt::join(*inputs, ", "), fmt::join(names, ", ")));
            }
        } else if (names.size() > 1 && !std::holds_alternative<nodes::Neuron>(node.kind)) {
            throw InputError(
                fmt::format("{}: has {} sources ({}), but only neurons add theirs; give each source its own "
                            "path to the next neuron node",
                            describe(node), names.size(), fmt::join(names, ", ")));
        }
    }
}

}  // namespace

std::string describe(const Node& node) {
    return fmt::format("the node '{}' ({})", node.name, type_name(node));
}

void check_graph(const Network& network) {
    check_names(network);
    check_only_one<nodes::Input>(network, "input");
    check_only_one<nodes::Output>(network, "output");
    check_edges(network);
    check_source_counts(network);
}

void check_node(const Node& node) {
    std::visit(NodeCheck{node}, node.kind);
}

}  // namespace axfire
