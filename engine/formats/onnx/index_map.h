// SPDX-License-Identifier: Apache-2.0
// Operators that only move elements: which element of the input each element of the output is.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/formats/onnx/constant.h"

namespace axfire::onnx_import {

struct IndexMap {
    static constexpr std::int64_t kFill = -1;  ///< not from the input: padding
    Dims dims;                                 ///< of the output
    std::vector<std::int64_t> source;          ///< [output elements] in C order
};

/// Elements step * i + start along each axis, `dims` of them; where that lies outside of the input: kFill.
IndexMap window(const Dims& in, const Dims& start, const Dims& step, const Dims& dims);

/// Axis i of the output is axis perm[i] of the input.
IndexMap transpose(const Dims& in, const std::vector<std::int64_t>& perm);

/// Element indices[j] along an axis; the extents of the indices take the axis' place.
IndexMap gather(const Dims& in, std::size_t axis, const Constant& indices);

/// Extents of 1 repeated, by NumPy's rule. Throws InputError where the shapes do not fit.
IndexMap expand(const Dims& in, const Dims& target);

/// NumPy's common shape of two. Throws InputError where there is none.
Dims broadcast(const Dims& a, const Dims& b);

/// The constant's elements moved; the fill is `fill`.
Constant apply(const IndexMap& map, const Constant& in, double fill = 0);

}  // namespace axfire::onnx_import
