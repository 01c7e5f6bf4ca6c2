// SPDX-License-Identifier: Apache-2.0
// Convolutions, matrix products and normalisations.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/formats/onnx/operators/windows.h"

namespace axfire::onnx_import {

namespace {

/// The numbers of a constant as a tensor of the network.
Tensor tensor_of(const Call& call, std::size_t input) {
    const Constant& c = call.constant(input);
    if (c.integer) {
        call.fail(fmt::format("its input {} must be floating-point numbers", input));
    }
    if (!std::all_of(c.reals.begin(), c.reals.end(), [](float x) { return std::isfinite(x); })) {
        call.fail(fmt::format("its input {} holds values that are not finite", input));
    }
    return {Shape(c.dims.begin(), c.dims.end()), c.reals};
}

Outputs conv(const Call& call) {
    const Dims& in = image_dims(call);
    nodes::Conv2d node;
    node.weight = tensor_of(call, 1);
    const Dims& kernel = call.constant(1).dims;
    if (kernel.size() != 4 || node.weight.empty()) {
        call.fail(fmt::format("its weight is {}; only two-dimensional convolutions are supported", to_string(kernel)));
    }
    if (const auto shape = call.integers("kernel_shape"); shape && *shape != Dims(kernel.begin() + 2, kernel.end())) {
        call.fail(fmt::format("its kernel_shape is {}, but its weight {}", to_string(*shape), to_string(kernel)));
    }
    const std::int64_t groups = call.integer("group").value_or(1);
    if (groups < 1 || kernel[0] % groups != 0 || in[1] % groups != 0 || in[1] / groups != kernel[1]) {
        call.fail(fmt::format("its weight {} in {} groups does not fit its input {}", to_string(kernel), groups,
                              to_string(in)));
    }
    const Windows w = read_windows(call, in, {kernel[2], kernel[3]});
    if (call.has(2)) {
        node.bias = tensor_of(call, 2);
        if (node.bias.data.size() != node.weight.shape[0]) {
            call.fail(fmt::format("its bias has {} values for {} channels", node.bias.data.size(), kernel[0]));
        }
    }
    node.stride = w.stride;
    node.pad_begin = w.pad_begin;
    node.pad_end = w.pad_end;
    node.dilation = w.dilation;
    node.groups = static_cast<std::size_t>(groups);
    return {Signal{call.importer.add(call.name, std::move(node), {call.signal(0).node}),
                   {1, kernel[0], w.out[0], w.out[1]}}};
}

/// weight [out][in] from a matrix that may be the other way round, times a factor.
Tensor matrix(const Call& call, bool out_first, double factor) {
    Tensor given = tensor_of(call, 1);
    if (given.shape.size() != 2 || given.empty()) {
        call.fail(fmt::format("its weight is {}; it must be a matrix", to_string(call.constant(1).dims)));
    }
    if (factor != 1) {
        for (float& w : given.data) {
            w = static_cast<float>(w * factor);
        }
    }
    if (out_first) {
        return given;
    }
    const std::size_t in = given.shape[0];
    const std::size_t out = given.shape[1];
    Tensor weight{{out, in}, std::vector<float>(given.data.size())};
    for (std::size_t i = 0; i < in; ++i) {
        for (std::size_t o = 0; o < out; ++o) {
            weight.data[o * in + i] = given.data[i * out + o];
        }
    }
    return weight;
}

/// The product along the last axis, where a sample has several rows: a convolution of 1 x 1 with the rows as places.
Signal add_row_products(const Call& call, nodes::Linear linear, const Signal& x) {
    Importer& importer = call.importer;
    const auto in = static_cast<std::int64_t>(linear.weight.shape[1]);
    const auto out = static_cast<std::int64_t>(linear.weight.shape[0]);
    const auto rows = static_cast<std::int64_t>(count(x.dims)) / in;
    const Signal flat = importer.reshape(call.name + ".rows", x, {1, rows, in});
    const Signal turned = importer.move(call.name + ".in", flat, transpose(flat.dims, {0, 2, 1}));
    const Signal image = importer.reshape(call.name + ".image", turned, {1, in, rows, 1});
    nodes::Conv2d conv;
    conv.weight = {{linear.weight.shape[0], linear.weight.shape[1], 1, 1}, std::move(linear.weight.data)};
    conv.bias = std::move(linear.bias);
    const Signal product{importer.add(call.name, std::move(conv), {image.node}), {1, out, rows, 1}};
    const Signal back = importer.reshape(call.name + ".rows", product, {1, out, rows});
    const Signal result = importer.move(call.name + ".out", back, transpose(back.dims, {0, 2, 1}));
    Dims dims = x.dims;
    dims.back() = out;
    return importer.reshape(call.name + ".out", result, dims);
}

Signal add_linear(const Call& call, nodes::Linear linear) {
    const Signal& x = call.signal(0);
    const std::size_t in = linear.weight.shape[1];
    const auto out = static_cast<std::int64_t>(linear.weight.shape[0]);
    if (x.dims.size() < 2 || x.dims.back() != static_cast<std::int64_t>(in)) {
        call.fail(fmt::format("its input is {}, but its weight takes {} values", to_string(x.dims), in));
    }
    if (count(x.dims) != in) {
        return add_row_products(call, std::move(linear), x);
    }
    const Signal vector = call.importer.reshape(call.name + ".in", x, {1, static_cast<std::int64_t>(in)});
    const std::size_t node = call.importer.add(call.name, std::move(linear), {vector.node});
    Dims dims = x.dims;
    dims.back() = out;
    return call.importer.reshape(call.name + ".out", Signal{node, {1, out}}, dims);
}

Outputs gemm(const Call& call) {
    if (call.integer("transA").value_or(0) != 0) {
        call.fail("its transA is on, which mixes samples");
    }
    nodes::Linear linear;
    linear.weight = matrix(call, call.integer("transB").value_or(0) != 0, call.real("alpha").value_or(1));
    if (call.has(2)) {
        const double beta = call.real("beta").value_or(1);
        const Tensor c = tensor_of(call, 2);
        const std::size_t out = linear.weight.shape[0];
        if (c.data.size() != 1 && c.data.size() != out) {
            call.fail(fmt::format("its bias is {}; it must have 1 value or {}", to_string(call.constant(2).dims), out));
        }
        linear.bias = {{out}, {}};
        for (std::size_t o = 0; o < out; ++o) {
            linear.bias.data.push_back(static_cast<float>(beta * c.data[c.data.size() == 1 ? 0 : o]));
        }
    }
    return {add_linear(call, std::move(linear))};
}

Outputs matmul(const Call& call) {
    return {add_linear(call, {matrix(call, false, 1), {}})};
}

Outputs batch_normalization(const Call& call) {
    if (call.integer("training_mode").value_or(0) != 0) {
        call.fail("is in training mode; export the model for evaluation");
    }
    const Signal& x = call.signal(0);
    nodes::BatchNorm node{tensor_of(call, 1), tensor_of(call, 2), tensor_of(call, 3), tensor_of(call, 4),
                          call.real("epsilon").value_or(1e-5)};
    for (const Tensor* t : {&node.gamma, &node.beta, &node.mean, &node.variance}) {
        if (x.dims.size() < 2 || t->data.size() != static_cast<std::size_t>(x.dims[1])) {
            call.fail(fmt::format("has {} values for the channels of its input {}", t->data.size(), to_string(x.dims)));
        }
    }
    return {Signal{call.importer.add(call.name, std::move(node), {x.node}), x.dims}};
}

Outputs lrn(const Call& call) {
    const Signal& x = call.signal(0);
    image_dims(call);
    const std::int64_t size = call.integer("size").value_or(0);
    if (size < 1) {
        call.fail(fmt::format("its size is {}; it must be at least 1", size));
    }
    const nodes::Lrn node{static_cast<std::size_t>(size), call.real("alpha").value_or(1e-4),
                          call.real("beta").value_or(0.75), call.real("bias").value_or(1)};
    return {Signal{call.importer.add(call.name, node, {x.node}), x.dims}};
}

constexpr Operator kOperators[] = {
    {"Conv", conv}, {"Gemm", gemm}, {"MatMul", matmul}, {"BatchNormalization", batch_normalization}, {"LRN", lrn},
};

}  // namespace

std::span<const Operator> layer_operators() {
    return kOperators;
}

}  // namespace axfire::onnx_import
