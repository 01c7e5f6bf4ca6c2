// SPDX-License-Identifier: Apache-2.0
// BatchNormalization, LRN, Softmax, and the reductions.
#pragma once

#include "tests/oracle/onnx/node.h"

namespace axfire::oracle::onnx_graph {

/// (x - mean) / sqrt(variance + epsilon) * scale + bias, by channel: axis 1.
inline Arrays batch_normalization(const Node& node) {
    const Array& x = node.in(0);
    require(x.dims.size() >= 2, "BatchNormalization without channels");
    const double epsilon = node.number("epsilon", 1e-5);
    node.ignore("momentum");
    require(node.opset < 14 || node.integer("training_mode", 0) == 0, "BatchNormalization of a training graph");
    require(node.proto.output_size() == 1, "running statistics of BatchNormalization");
    for (std::size_t i = 1; i <= 4; ++i) {
        require(node.in(i).dims == Dims{x.dims[1]}, "parameters of BatchNormalization of another size");
    }
    return {generate(x.dims, false, [&](const Dims& o) {
        const Dims c{o[1]};
        const double normalized = (at(x, o) - at(node.in(3), c)) / std::sqrt(at(node.in(4), c) + epsilon);
        return normalized * at(node.in(1), c) + at(node.in(2), c);
    })};
}

/// x / (bias + alpha / size * sum of squares in `size` channels around)^beta.
inline Arrays lrn(const Node& node) {
    const Array& x = node.in(0);
    require(x.dims.size() >= 2, "LRN without channels");
    const std::int64_t size = node.integer("size", 0);
    require(size > 0, "LRN of size " + std::to_string(size));
    const double alpha = node.number("alpha", 1e-4);
    const double beta = node.number("beta", 0.75);
    const double bias = node.number("bias", 1);
    return {generate(x.dims, false, [&](const Dims& o) {
        double squares = 0;
        for (std::int64_t c = o[1] - (size - 1) / 2; c <= o[1] + size / 2; ++c) {  // an even size has one more after
            if (c >= 0 && c < x.dims[1]) {
                Dims index = o;
                index[1] = c;
                squares += at(x, index) * at(x, index);
            }
        }
        return at(x, o) / std::pow(bias + alpha / static_cast<double>(size) * squares, beta);
    })};
}

/// Along one axis from opset 13 on; before, over all the axes from `axis` on together.
inline Arrays softmax(const Node& node) {
    const Array& x = node.in(0);
    const std::int64_t asked = node.integer("axis", node.opset >= 13 ? -1 : 1);
    const auto rank = static_cast<std::int64_t>(x.dims.size());
    const bool at_end = node.opset < 13 && asked == rank;  // rows of one element
    const std::size_t first = at_end ? x.dims.size() : axis_of(asked, x.dims.size());
    const std::size_t last = node.opset >= 13 ? first + 1 : x.dims.size();
    return {generate(x.dims, false, [&](const Dims& o) {
        double largest = -INFINITY;
        double total = 0;
        const Dims along{x.dims.begin() + static_cast<long>(first), x.dims.begin() + static_cast<long>(last)};
        const auto peer = [&](std::int64_t i) {
            Dims index = o;
            const Dims inner = unravel(i, along);
            std::copy(inner.begin(), inner.end(), index.begin() + static_cast<long>(first));
            return at(x, index);
        };
        for (std::int64_t i = 0; i < element_count(along); ++i) {
            largest = std::max(largest, peer(i));
        }
        for (std::int64_t i = 0; i < element_count(along); ++i) {
            total += std::exp(peer(i) - largest);
        }
        return std::exp(at(x, o) - largest) / total;
    })};
}

/// Sums over axes and how many elements went into each; `axes_input_since` moved the axes from an attribute.
inline Array reduced(const Node& node, std::int64_t axes_input_since, bool mean) {
    const Array& x = node.in(0);
    const bool keep = node.integer("keepdims", 1) != 0;
    const Dims axes = node.moved_list("axes", 1, axes_input_since).value_or(Dims{});
    const bool noop = node.opset >= axes_input_since && node.integer("noop_with_empty_axes", 0) != 0;
    if (axes.empty() && noop) {
        return x;
    }
    std::vector<bool> over(x.dims.size(), axes.empty());
    for (const std::int64_t a : axes) {
        over[axis_of(a, x.dims.size())] = true;
    }
    Dims kept = x.dims;
    double count = 1;
    for (std::size_t axis = 0; axis < kept.size(); ++axis) {
        if (over[axis]) {
            count *= static_cast<double>(kept[axis]);
            kept[axis] = 1;
        }
    }
    Array out = filled(kept, 0, x.integer);
    for (std::size_t i = 0; i < x.values.size(); ++i) {
        Dims index = unravel(static_cast<std::int64_t>(i), x.dims);
        for (std::size_t axis = 0; axis < index.size(); ++axis) {
            index[axis] = over[axis] ? 0 : index[axis];
        }
        out.values[static_cast<std::size_t>(ravel(index, kept))] += x.values[i];
    }
    for (double& v : out.values) {
        v = mean ? v / count : v;
        v = x.integer ? std::trunc(v) : v;
    }
    if (!keep) {
        out.dims.clear();
        for (std::size_t axis = 0; axis < kept.size(); ++axis) {
            if (!over[axis]) {
                out.dims.push_back(kept[axis]);
            }
        }
    }
    return out;
}

inline Arrays reduce_mean(const Node& node) {
    return {reduced(node, 18, true)};
}
inline Arrays reduce_sum(const Node& node) {
    return {reduced(node, 13, false)};
}

}  // namespace axfire::oracle::onnx_graph
