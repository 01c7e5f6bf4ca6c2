// SPDX-License-Identifier: Apache-2.0
#include "engine/network/network.h"

#include <fmt/format.h>

#include "arith/error.h"
#include "neurons/model_info.h"

namespace axfire {
namespace {

struct TypeName {
    std::string operator()(const nodes::Input&) const { return "input"; }
    std::string operator()(const nodes::Output&) const { return "output"; }
    std::string operator()(const nodes::Linear& node) const { return node.bias.empty() ? "linear" : "affine"; }
    std::string operator()(const nodes::Conv2d&) const { return "conv2d"; }
    std::string operator()(const nodes::Pool2d& node) const {
        return node.kind == nodes::Pool2d::Kind::sum       ? "sumpool2d"
               : node.kind == nodes::Pool2d::Kind::average ? "avgpool2d"
                                                           : "maxpool2d";
    }
    std::string operator()(const nodes::Flatten&) const { return "flatten"; }
    std::string operator()(const nodes::Reshape&) const { return "reshape"; }
    std::string operator()(const nodes::Rearrange&) const { return "rearrange"; }
    std::string operator()(const nodes::Concat&) const { return "concat"; }
    std::string operator()(const nodes::Multiply&) const { return "multiply"; }
    std::string operator()(const nodes::Scale&) const { return "scale"; }
    std::string operator()(const nodes::Bias&) const { return "bias"; }
    std::string operator()(const nodes::BatchNorm&) const { return "batchnorm"; }
    std::string operator()(const nodes::Lrn&) const { return "lrn"; }
    std::string operator()(const nodes::Softmax&) const { return "softmax"; }
    std::string operator()(const nodes::Threshold&) const { return "threshold"; }
    std::string operator()(const nodes::Delay&) const { return "delay"; }
    std::string operator()(const nodes::Neuron& node) const { return node.model; }
};

}  // namespace

std::size_t element_count(const Shape& shape) {
    std::size_t count = 1;
    for (const std::size_t extent : shape) {
        if (__builtin_mul_overflow(count, extent, &count)) {
            throw InputError(
                fmt::format("a shape of {} has more elements than a computer can address", to_string(shape)));
        }
    }
    return count;
}

std::string to_string(const Shape& shape) {
    return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string type_name(const Node& node) {
    return std::visit(TypeName{}, node.kind);
}

bool emits_spikes(const Node& node) {
    if (const auto* neuron = std::get_if<nodes::Neuron>(&node.kind)) {
        const ModelInfo* model = find_model(neuron->model.c_str());
        return model != nullptr && model->spiking;
    }
    return std::holds_alternative<nodes::Threshold>(node.kind);
}

bool keeps_state(const Node& node) {
    if (const auto* neuron = std::get_if<nodes::Neuron>(&node.kind)) {
        const ModelInfo* model = find_model(neuron->model.c_str());
        return model == nullptr || !model->stateless;
    }
    return std::holds_alternative<nodes::Delay>(node.kind);
}

const std::vector<std::string>* ordered_inputs(const Node& node) {
    if (const auto* concat = std::get_if<nodes::Concat>(&node.kind)) {
        return &concat->inputs;
    }
    const auto* multiply = std::get_if<nodes::Multiply>(&node.kind);
    return multiply != nullptr ? &multiply->inputs : nullptr;
}

std::optional<std::size_t> resolve_axis(int axis, std::size_t rank) {
    const std::int64_t index = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
    return index >= 0 && index < static_cast<std::int64_t>(rank) ? std::optional(static_cast<std::size_t>(index))
                                                                 : std::nullopt;
}

std::size_t window_output_size(std::size_t in, std::size_t kernel, std::size_t stride, std::size_t pad,
                               std::size_t dilation) {
    if (kernel == 0 || stride == 0 || dilation == 0) {
        throw InputError(
            fmt::format("kernel {}, stride {} and dilation {} must be at least 1", kernel, stride, dilation));
    }
    std::size_t span = 0;
    std::size_t padded = 0;
    if (__builtin_mul_overflow(dilation, kernel - 1, &span) || __builtin_add_overflow(span, std::size_t{1}, &span) ||
        __builtin_add_overflow(in, pad, &padded)) {
        throw InputError(fmt::format("kernel {}, dilation {} and padding {} are too large", kernel, dilation, pad));
    }
    if (span > padded) {
        throw InputError(
            fmt::format("a kernel that spans {} does not fit into an input of {} with {} of padding", span, in, pad));
    }
    return (padded - span) / stride + 1;
}

}  // namespace axfire
