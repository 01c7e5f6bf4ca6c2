// SPDX-License-Identifier: Apache-2.0
// Strides, padding and output extents of convolutions and pooling.
#pragma once

#include <array>

#include "engine/formats/onnx/importer.h"

namespace axfire::onnx_import {

struct Windows {
    std::array<std::size_t, 2> kernel, stride, pad_begin, pad_end, dilation, extra_end;
    std::array<std::int64_t, 2> out;  ///< output height and width
};

/// From the operator's attributes, for an input [N,C,H,W] and a kernel.
Windows read_windows(const Call& call, const Dims& in, const std::array<std::int64_t, 2>& kernel);

/// Throws InputError unless the input is [N,C,H,W].
const Dims& image_dims(const Call& call);

}  // namespace axfire::onnx_import
