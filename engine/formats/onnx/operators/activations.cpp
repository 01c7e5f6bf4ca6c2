// SPDX-License-Identifier: Apache-2.0
// Functions of one element, and softmax.
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/formats/onnx/importer.h"

namespace axfire::onnx_import {

namespace {

Outputs neuron(const Call& call, const char* model, std::map<std::string, std::vector<double>> parameters = {}) {
    const Signal& x = call.signal(0);
    return {Signal{
        call.importer.add(call.name, nodes::Neuron{model, shape_of(x.dims), std::move(parameters)}, {x.node}), x.dims}};
}

Outputs relu(const Call& call) {
    return neuron(call, "relu");
}
Outputs sigmoid(const Call& call) {
    return neuron(call, "sigmoid");
}
Outputs tanh(const Call& call) {
    return neuron(call, "tanh");
}
Outputs hard_swish(const Call& call) {
    return neuron(call, "hard_swish");
}
Outputs leaky_relu(const Call& call) {
    return neuron(call, "leaky_relu", {{"alpha", {call.real("alpha").value_or(0.01)}}});
}
/// A leaky relu with a slope for each element, by NumPy's rule.
Outputs prelu(const Call& call) {
    const Signal& x = call.signal(0);
    const Constant& slope = call.constant(1);
    const IndexMap map = expand(slope.dims, x.dims);
    if (map.dims != x.dims) {
        call.fail(fmt::format("its slopes are {} for an input of {}", to_string(slope.dims), to_string(x.dims)));
    }
    std::vector<double> alpha;
    if (slope.size() == 1) {
        alpha = {slope.at(0)};
    } else {
        for (const std::int64_t i : map.source) {
            alpha.push_back(slope.at(static_cast<std::size_t>(i)));
        }
    }
    return neuron(call, "leaky_relu", {{"alpha", std::move(alpha)}});
}
Outputs hard_sigmoid(const Call& call) {
    return neuron(call, "hard_sigmoid",
                  {{"alpha", {call.real("alpha").value_or(0.2)}}, {"beta", {call.real("beta").value_or(0.5)}}});
}

/// A bound of Clip: an attribute before opset 11, an input from then on. One that is not given is no bound.
double bound(const Call& call, const char* attribute, std::size_t input, double none) {
    double value = none;
    if (call.opset < 11) {
        value = call.real(attribute).value_or(none);
    } else if (call.has(input)) {
        const Constant& c = call.constant(input);
        if (c.size() != 1) {
            call.fail(fmt::format("its bound {} has {} values; it must have 1", attribute, c.size()));
        }
        value = c.at(0);
    }
    constexpr double largest = std::numeric_limits<float>::max();
    return std::isnan(value) ? none : std::min(std::max(value, -largest), largest);
}

Outputs clip(const Call& call) {
    constexpr double none = std::numeric_limits<float>::max();
    const double low = bound(call, "min", 1, -none);
    const double high = bound(call, "max", 2, none);
    if (low > high) {
        call.fail(fmt::format("its bounds are {} and {}, in the wrong order", low, high));
    }
    if (low == 0 && high == none) {
        return neuron(call, "relu");
    }
    return neuron(call, "clip", {{"low", {low}}, {"high", {high}}});
}

/// Along one axis from opset 13 on; before, over all axes from the given one.
Outputs softmax(const Call& call) {
    const Signal& x = call.signal(0);
    const bool one_axis = call.opset >= 13;
    const std::size_t axis = call.axis(call.integer("axis").value_or(one_axis ? -1 : 1), x.dims.size());
    if (axis == 0) {
        call.fail("its axis is the batch");
    }
    if (one_axis) {
        return {Signal{call.importer.add(call.name, nodes::Softmax{static_cast<int>(axis) - 1}, {x.node}), x.dims}};
    }
    Dims flat{1, 1, 1};
    for (std::size_t i = 0; i < x.dims.size(); ++i) {
        flat[i < axis ? 1 : 2] *= x.dims[i];
    }
    const Signal in = call.importer.reshape(call.name + ".in", x, flat);
    const Signal out{call.importer.add(call.name, nodes::Softmax{-1}, {in.node}), flat};
    return {call.importer.reshape(call.name + ".out", out, x.dims)};
}

constexpr Operator kOperators[] = {
    {"Relu", relu},       {"Clip", clip}, {"LeakyRelu", leaky_relu},     {"PRelu", prelu},
    {"Sigmoid", sigmoid}, {"Tanh", tanh}, {"HardSigmoid", hard_sigmoid}, {"HardSwish", hard_swish},
    {"Softmax", softmax},
};

}  // namespace

std::span<const Operator> activation_operators() {
    return kOperators;
}

}  // namespace axfire::onnx_import
