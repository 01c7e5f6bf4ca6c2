// SPDX-License-Identifier: Apache-2.0
// Operators that give the same elements another shape, and those that make shapes.
#pragma once

#include "tests/oracle/onnx/node.h"

namespace axfire::oracle::onnx_graph {

inline Arrays reshaped(const Array& x, const Dims& dims) {
    require(element_count(dims) == element_count(x.dims), to_string(x.dims) + " cannot become " + to_string(dims));
    return {{dims, x.values, x.integer}};
}

/// A matrix: the axes before `axis` by the others.
inline Arrays flatten(const Node& node) {
    const Array& x = node.in(0);
    const auto rank = static_cast<std::int64_t>(x.dims.size());
    std::int64_t axis = node.integer("axis", 1);
    axis = axis < 0 ? axis + rank : axis;
    require(axis >= 0 && axis <= rank, "axis of Flatten");
    return reshaped(x, {element_count({x.dims.begin(), x.dims.begin() + axis}),
                        element_count({x.dims.begin() + axis, x.dims.end()})});
}

/// 0 keeps the input's extent, unless allowzero; one -1 takes what is left.
inline Arrays reshape(const Node& node) {
    const Array& x = node.in(0);
    Dims dims = to_indices(node.in(1));
    const bool zero_is_zero = node.opset >= 14 && node.integer("allowzero", 0) != 0;
    std::int64_t known = 1;
    std::optional<std::size_t> open;
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
        if (dims[axis] == 0 && !zero_is_zero) {
            require(axis < x.dims.size(), "Reshape keeps an axis that the input does not have");
            dims[axis] = x.dims[axis];
        }
        if (dims[axis] == -1) {
            require(!open, "Reshape with two open axes");
            open = axis;
        } else {
            known *= dims[axis];
        }
    }
    if (open) {
        require(known > 0 && element_count(x.dims) % known == 0,
                to_string(x.dims) + " cannot become " + to_string(dims));
        dims[*open] = element_count(x.dims) / known;
    }
    return reshaped(x, dims);
}

inline Arrays squeeze(const Node& node) {
    const Array& x = node.in(0);
    const std::optional<Dims> axes = node.moved_list("axes", 1, 13);
    std::vector<bool> removed(x.dims.size());
    for (std::size_t axis = 0; axis < x.dims.size(); ++axis) {
        removed[axis] = !axes && x.dims[axis] == 1;
    }
    for (const std::int64_t a : axes.value_or(Dims{})) {
        removed[axis_of(a, x.dims.size())] = true;
    }
    Dims dims;
    for (std::size_t axis = 0; axis < x.dims.size(); ++axis) {
        require(!removed[axis] || x.dims[axis] == 1, "Squeeze of an axis that is not 1");
        if (!removed[axis]) {
            dims.push_back(x.dims[axis]);
        }
    }
    return reshaped(x, dims);
}

/// Axes are those of the result.
inline Arrays unsqueeze(const Node& node) {
    const Array& x = node.in(0);
    const std::optional<Dims> axes = node.moved_list("axes", 1, 13);
    require(axes.has_value(), "Unsqueeze without axes");
    const std::size_t rank = x.dims.size() + axes->size();
    std::vector<bool> inserted(rank);
    for (const std::int64_t a : *axes) {
        require(!inserted[axis_of(a, rank)], "Unsqueeze of an axis twice");
        inserted[axis_of(a, rank)] = true;
    }
    Dims dims;
    std::size_t next = 0;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        dims.push_back(inserted[axis] ? 1 : x.dims[next++]);
    }
    return reshaped(x, dims);
}

/// Of the axes from start to end (opset 15).
inline Arrays shape(const Node& node) {
    const Dims& dims = node.in(0).dims;
    const auto rank = static_cast<std::int64_t>(dims.size());
    const auto bound = [&](const std::string& name, std::int64_t otherwise) {
        const std::int64_t b = node.opset >= 15 ? node.integer(name, otherwise) : otherwise;
        return std::clamp<std::int64_t>(b < 0 ? b + rank : b, 0, rank);
    };
    const std::int64_t start = bound("start", 0);
    const std::int64_t end = std::max(start, bound("end", rank));
    return {integer_list({dims.begin() + start, dims.begin() + end})};
}

inline Arrays expand(const Node& node) {
    const Array& x = node.in(0);
    return {generate(broadcast(x.dims, to_indices(node.in(1))), x.integer,
                     [&](const Dims& o) { return at_broadcast(x, o); })};
}

inline Arrays constant(const Node& node) {
    using A = onnx::AttributeProto;
    require(node.proto.attribute_size() == 1, "Constant takes one attribute");
    if (const A* a = node.attribute("value", A::TENSOR)) {
        return {array_of(a->t())};
    }
    if (const A* a = node.opset >= 11 ? node.attribute("sparse_value", A::SPARSE_TENSOR) : nullptr) {
        return {array_of(a->sparse_tensor())};
    }
    require(node.opset >= 12, "a Constant without a value");
    if (const A* a = node.attribute("value_float", A::FLOAT)) {
        return {{{}, {static_cast<double>(a->f())}, false}};
    }
    if (const A* a = node.attribute("value_int", A::INT)) {
        return {{{}, {static_cast<double>(a->i())}, true}};
    }
    if (const A* a = node.attribute("value_floats", A::FLOATS)) {
        return {{{a->floats_size()}, {a->floats().begin(), a->floats().end()}, false}};
    }
    if (const A* a = node.attribute("value_ints", A::INTS)) {
        return {integer_list({a->ints().begin(), a->ints().end()})};
    }
    throw std::runtime_error("onnx oracle: a Constant without numbers");
}

inline Arrays constant_of_shape(const Node& node) {
    const auto* a = node.attribute("value", onnx::AttributeProto::TENSOR);
    const Array value = a != nullptr ? array_of(a->t()) : Array{{1}, {0}, false};
    require(value.values.size() == 1, "ConstantOfShape of other than one value");
    return {filled(to_indices(node.in(0)), value.values[0], value.integer)};
}

/// start, start + delta ... before limit.
inline Arrays range(const Node& node) {
    const Array& start = node.in(0);
    const double delta = node.in(2).values.at(0);
    require(delta != 0, "Range by 0");
    const double count = std::max(0.0, std::ceil((node.in(1).values.at(0) - start.values.at(0)) / delta));
    return {generate({static_cast<std::int64_t>(count)}, start.integer,
                     [&](const Dims& o) { return start.values[0] + static_cast<double>(o[0]) * delta; })};
}

}  // namespace axfire::oracle::onnx_graph
