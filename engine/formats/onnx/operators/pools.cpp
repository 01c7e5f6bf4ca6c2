// SPDX-License-Identifier: Apache-2.0
// Pooling, windowed and global.
#include <algorithm>

#include <fmt/format.h>

#include "engine/formats/onnx/operators/windows.h"

namespace axfire::onnx_import {

namespace {

using Kind = nodes::Pool2d::Kind;

Outputs pool(const Call& call, Kind kind) {
    const Dims& in = image_dims(call);
    const auto shape = call.integers("kernel_shape");
    if (!shape || shape->size() != 2) {
        call.fail("needs a kernel_shape of two extents");
    }
    if (call.integer("storage_order").value_or(0) != 0) {
        call.fail("its storage_order is not supported");
    }
    const Windows w = read_windows(call, in, {(*shape)[0], (*shape)[1]});
    nodes::Pool2d node{kind, w.kernel, w.stride, w.pad_begin, w.pad_end, w.extra_end};
    node.dilation = w.dilation;
    node.count_include_pad = call.integer("count_include_pad").value_or(0) != 0;
    return {Signal{call.importer.add(call.name, node, {call.signal(0).node}), {1, in[1], w.out[0], w.out[1]}}};
}

Outputs max_pool(const Call& call) {
    return pool(call, Kind::maximum);
}

Outputs average_pool(const Call& call) {
    return pool(call, Kind::average);
}

Signal whole_image(const Call& call, Kind kind) {
    const Dims& in = image_dims(call);
    nodes::Pool2d node{kind, {static_cast<std::size_t>(in[2]), static_cast<std::size_t>(in[3])}};
    node.stride = node.kernel;
    return {call.importer.add(call.name, node, {call.signal(0).node}), {1, in[1], 1, 1}};
}

Outputs global_average_pool(const Call& call) {
    return {whole_image(call, Kind::average)};
}

Outputs global_max_pool(const Call& call) {
    return {whole_image(call, Kind::maximum)};
}

/// Of height and width; which axes those are, an attribute says before opset 18 and an input from then on.
Outputs reduce_mean(const Call& call) {
    const Dims& in = image_dims(call);
    std::vector<std::int64_t> axes =
        call.integers("axes").value_or(call.integers_input(1).value_or(std::vector<std::int64_t>{}));
    for (std::int64_t& axis : axes) {
        axis = static_cast<std::int64_t>(call.axis(axis, in.size()));
    }
    std::sort(axes.begin(), axes.end());
    if (axes != Dims{2, 3}) {
        call.fail(
            fmt::format("takes the mean over the axes {}; only height and width (2,3) are supported", to_string(axes)));
    }
    const Signal mean = whole_image(call, Kind::average);
    return {call.integer("keepdims").value_or(1) != 0 ? mean
                                                      : call.importer.reshape(call.name + ".out", mean, {1, in[1]})};
}

constexpr Operator kOperators[] = {
    {"MaxPool", max_pool},
    {"AveragePool", average_pool},
    {"GlobalAveragePool", global_average_pool},
    {"GlobalMaxPool", global_max_pool},
    {"ReduceMean", reduce_mean},
};

}  // namespace

std::span<const Operator> pool_operators() {
    return kOperators;
}

}  // namespace axfire::onnx_import
