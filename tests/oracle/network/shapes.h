// SPDX-License-Identifier: Apache-2.0
// The shape that leaves a node, by counting.
#pragma once

#include <stdexcept>
#include <string>

#include "engine/network/network.h"

namespace axfire::oracle {

/// Channels, height, width; an image without channels has one.
inline Shape as_image(const Shape& shape) {
    if (shape.size() != 2 && shape.size() != 3) {
        throw std::logic_error("no image: " + to_string(shape));
    }
    return shape.size() == 2 ? Shape{1, shape[0], shape[1]} : shape;
}

inline std::size_t windows(std::size_t extent, std::size_t window, std::size_t stride) {
    std::size_t count = 0;
    for (std::size_t start = 0; start + window <= extent; start += stride) {
        ++count;
    }
    return count;
}

/// An axis that may be counted from the last.
inline std::size_t axis_of(int axis, const Shape& shape) {
    return static_cast<std::size_t>(axis < 0 ? static_cast<int>(shape.size()) + axis : axis);
}

struct ShapeAfter {
    Shape in;
    std::vector<Shape> inputs = {};  ///< of a node that tells its sources apart, in its order

    static Shape own_unless_one(const Shape& own, const Shape& in) { return element_count(own) == 1 ? in : own; }
    Shape operator()(const nodes::Input& x) const { return x.shape; }
    Shape operator()(const nodes::Output&) const { return in; }
    Shape operator()(const nodes::Linear& x) const { return {x.weight.shape[0]}; }
    Shape operator()(const nodes::Conv2d& x) const {
        const Shape image = as_image(in);
        const auto extent = [&](std::size_t axis) {
            return windows(image[axis + 1] + x.pad_begin[axis] + x.pad_end[axis],
                           (x.weight.shape[axis + 2] - 1) * x.dilation[axis] + 1, x.stride[axis]);
        };
        return {x.weight.shape[0], extent(0), extent(1)};
    }
    Shape operator()(const nodes::Pool2d& x) const {
        const Shape image = as_image(in);
        const auto extent = [&](std::size_t axis) {
            return windows(image[axis + 1] + x.pad_begin[axis] + x.pad_end[axis] + x.extra_end[axis],
                           (x.kernel[axis] - 1) * x.dilation[axis] + 1, x.stride[axis]);
        };
        return {image[0], extent(0), extent(1)};
    }
    Shape operator()(const nodes::Flatten& x) const {
        const std::size_t first = axis_of(x.start_dim, in);
        const std::size_t last = axis_of(x.end_dim, in);
        Shape out;
        for (std::size_t axis = 0; axis < in.size(); ++axis) {
            if (axis > first && axis <= last) {
                out.back() *= in[axis];
            } else {
                out.push_back(in[axis]);
            }
        }
        return out;
    }
    Shape operator()(const nodes::Reshape& x) const { return x.shape; }
    Shape operator()(const nodes::Rearrange& x) const { return x.shape; }
    Shape operator()(const nodes::Concat& x) const {
        Shape out = inputs.at(0);
        const std::size_t axis = axis_of(x.axis, out);
        out[axis] = 0;
        for (const Shape& input : inputs) {
            out[axis] += input[axis];
        }
        return out;
    }
    Shape operator()(const nodes::Multiply&) const { return inputs.at(0); }
    Shape operator()(const nodes::Scale& x) const { return own_unless_one(x.scale.shape, in); }
    Shape operator()(const nodes::Bias& x) const { return own_unless_one(x.bias.shape, in); }
    Shape operator()(const nodes::BatchNorm&) const { return in; }
    Shape operator()(const nodes::Lrn&) const { return in; }
    Shape operator()(const nodes::Softmax&) const { return in; }
    Shape operator()(const nodes::Threshold& x) const { return own_unless_one(x.threshold.shape, in); }
    Shape operator()(const nodes::Delay& x) const { return own_unless_one(x.shape, in); }
    Shape operator()(const nodes::Neuron& x) const { return own_unless_one(x.shape, in); }
};

/// Elements before, along and behind an axis: an element's index is (before * along + here) * behind + rest.
struct AxisView {
    std::size_t before = 1, along = 1, behind = 1;
    AxisView(const Shape& shape, std::size_t axis) {
        for (std::size_t i = 0; i < shape.size(); ++i) {
            (i < axis ? before : i == axis ? along : behind) *= shape[i];
        }
    }
    std::size_t index(std::size_t outer, std::size_t here, std::size_t inner) const {
        return (outer * along + here) * behind + inner;
    }
};

}  // namespace axfire::oracle
