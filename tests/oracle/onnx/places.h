// SPDX-License-Identifier: Apache-2.0
// Operators that take elements from other places: Transpose, Concat, Split, Slice, Gather, Pad.
#pragma once

#include <numeric>

#include "tests/oracle/onnx/node.h"

namespace axfire::oracle::onnx_graph {

inline Arrays transpose(const Node& node) {
    const Array& x = node.in(0);
    const std::size_t rank = x.dims.size();
    Dims reversed(rank);
    std::iota(reversed.rbegin(), reversed.rend(), 0);
    const Dims perm = node.integers("perm").value_or(reversed);
    require(perm.size() == rank && std::is_permutation(perm.begin(), perm.end(), reversed.begin()),
            "perm " + to_string(perm) + " of rank " + std::to_string(rank));
    Dims dims(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) {
        dims[axis] = x.dims[static_cast<std::size_t>(perm[axis])];
    }
    return {generate(dims, x.integer, [&](const Dims& o) {
        Dims index(rank);
        for (std::size_t axis = 0; axis < rank; ++axis) {
            index[static_cast<std::size_t>(perm[axis])] = o[axis];
        }
        return at(x, index);
    })};
}

inline Arrays concat(const Node& node) {
    const auto* a = node.attribute("axis", onnx::AttributeProto::INT);
    require(a != nullptr, "Concat without an axis");
    const std::size_t axis = axis_of(a->i(), node.in(0).dims.size());
    Dims dims = node.in(0).dims;
    dims[axis] = 0;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        Dims same = node.in(i).dims;
        require(same.size() == dims.size() && node.in(i).integer == node.in(0).integer, "Concat of unlike arrays");
        const std::int64_t extent = std::exchange(same[axis], dims[axis]);
        require(same == dims, "Concat of " + to_string(node.in(i).dims) + " to " + to_string(dims));
        dims[axis] += extent;
    }
    return {generate(dims, node.in(0).integer, [&](Dims o) {
        std::size_t i = 0;
        while (o[axis] >= node.in(i).dims[axis]) {
            o[axis] -= node.in(i++).dims[axis];
        }
        return at(node.in(i), o);
    })};
}

/// Sizes by an attribute, from 13 on by an input; else equal ones, from 18 on with a smaller last one.
inline Arrays split(const Node& node) {
    const Array& x = node.in(0);
    const std::size_t axis = axis_of(node.integer("axis", 0), x.dims.size());
    const std::int64_t extent = x.dims[axis];
    const std::int64_t parts = node.proto.output_size();
    std::optional<Dims> sizes = node.moved_list("split", 1, 13);
    if (node.opset >= 18) {
        const std::int64_t asked = node.integer("num_outputs", 0);
        require(sizes.has_value() != (asked != 0) && (asked == 0 || asked == parts), "Split by sizes or num_outputs");
    }
    if (!sizes) {
        require(node.opset >= 18 || extent % parts == 0, "Split into unequal parts");
        const std::int64_t size = (extent + parts - 1) / parts;
        sizes = Dims(static_cast<std::size_t>(parts), size);
        sizes->back() = extent - size * (parts - 1);
    }
    require(static_cast<std::int64_t>(sizes->size()) == parts, "Split into another number of parts");
    Arrays out;
    std::int64_t begin = 0;
    for (const std::int64_t size : *sizes) {
        Dims dims = x.dims;
        dims[axis] = size;
        require(size >= 0 && begin + size <= extent, "Split of more than there is");
        out.push_back(generate(dims, x.integer, [&](Dims o) {
            o[axis] += begin;
            return at(x, o);
        }));
        begin += size;
    }
    require(begin == extent, "Split of less than there is");
    return out;
}

/// start, start + step ... before end (after it, where the step is negative); bounds count from the end where negative.
inline Arrays slice(const Node& node) {
    const Array& x = node.in(0);
    const Dims starts = node.moved_list("starts", 1, 10).value_or(Dims{});
    const Dims ends = node.moved_list("ends", 2, 10).value_or(Dims{});
    Dims axes(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
    axes = node.moved_list("axes", 3, 10).value_or(axes);
    Dims steps(starts.size(), 1);
    if (node.opset >= 10 && node.has(4)) {
        steps = to_indices(node.in(4));
    }
    require(ends.size() == starts.size() && axes.size() == starts.size() && steps.size() == starts.size(),
            "bounds of Slice of unlike sizes");
    Dims dims = x.dims;
    Dims first(x.dims.size(), 0);
    Dims stride(x.dims.size(), 1);
    std::vector<bool> seen(x.dims.size());
    for (std::size_t i = 0; i < starts.size(); ++i) {
        const std::size_t axis = axis_of(axes[i], x.dims.size());
        const std::int64_t extent = x.dims[axis];
        const std::int64_t step = steps[i];
        require(step != 0 && !seen[axis], "Slice by step 0, or an axis twice");
        seen[axis] = true;
        const std::int64_t lowest = step > 0 ? 0 : -1;  // an end of -1 includes element 0
        const auto bound = [&](std::int64_t b, std::int64_t low, std::int64_t high) {
            return std::clamp(b < 0 ? b + extent : b, low, std::max(low, high));
        };
        first[axis] = bound(starts[i], 0, step > 0 ? extent : extent - 1);
        const std::int64_t end = bound(ends[i], lowest, step > 0 ? extent : extent - 1);
        stride[axis] = step;
        dims[axis] = 0;
        for (std::int64_t at = first[axis]; extent > 0 && (step > 0 ? at < end : at > end); at += step) {
            ++dims[axis];
            if (step > extent || step < -extent) {
                break;  // the next would be out of the array, and perhaps of int64
            }
        }
    }
    return {generate(dims, x.integer, [&](Dims o) {
        for (std::size_t axis = 0; axis < o.size(); ++axis) {
            o[axis] = first[axis] + o[axis] * stride[axis];
        }
        return at(x, o);
    })};
}

/// The axes of the indices take the place of `axis`.
inline Arrays gather(const Node& node) {
    const Array& x = node.in(0);
    const Array& indices = node.in(1);
    const std::size_t axis = axis_of(node.integer("axis", 0), x.dims.size());
    require(indices.integer, "indices of Gather that are no integers");
    Dims dims{x.dims.begin(), x.dims.begin() + static_cast<long>(axis)};
    dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
    dims.insert(dims.end(), x.dims.begin() + static_cast<long>(axis) + 1, x.dims.end());
    return {generate(dims, x.integer, [&](const Dims& o) {
        const auto begin = o.begin() + static_cast<long>(axis);
        const auto end = begin + static_cast<long>(indices.dims.size());
        const std::int64_t asked = to_index(at(indices, {begin, end}));
        Dims index{o.begin(), begin};
        index.push_back(asked < 0 ? asked + x.dims[axis] : asked);
        index.insert(index.end(), end, o.end());
        return at(x, index);
    })};
}

/// With a constant around; negative padding takes away. All the begins, then all the ends.
inline Arrays pad(const Node& node) {
    const Array& x = node.in(0);
    const std::size_t rank = x.dims.size();
    require(node.text("mode", "constant") == "constant", "a mode of Pad");
    const Dims pads = node.moved_list("pads", 1, 11).value_or(Dims{});
    const double value = node.opset < 11 ? node.number("value", 0) : node.has(2) ? node.in(2).values.at(0) : 0;
    Dims axes(rank);
    std::iota(axes.begin(), axes.end(), 0);
    if (node.opset >= 18 && node.has(3)) {
        axes = to_indices(node.in(3));
    }
    require(pads.size() == 2 * axes.size(), "pads of another size");
    Dims begin(rank, 0);
    Dims dims = x.dims;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::size_t axis = axis_of(axes[i], rank);
        begin[axis] = pads[i];
        dims[axis] += pads[i] + pads[i + axes.size()];
    }
    return {generate(dims, x.integer, [&](Dims o) {
        bool inside = true;
        for (std::size_t axis = 0; axis < rank; ++axis) {
            o[axis] -= begin[axis];
            inside = inside && o[axis] >= 0 && o[axis] < x.dims[axis];
        }
        return inside ? at(x, o) : value;
    })};
}

}  // namespace axfire::oracle::onnx_graph
