// SPDX-License-Identifier: Apache-2.0
// Where windows of convolutions and pools lie along one axis.
#pragma once

#include "tests/oracle/onnx/node.h"

namespace axfire::oracle::onnx_graph {

struct WindowAxis {
    std::int64_t extent = 0;  ///< of the input, without padding
    std::int64_t kernel = 0;
    std::int64_t stride = 1;
    std::int64_t dilation = 1;
    std::int64_t pad_begin = 0;
    std::int64_t pad_end = 0;
    std::int64_t windows = 0;

    /// The input index under tap k of window w; outside of [0, extent) lies padding.
    std::int64_t place(std::int64_t w, std::int64_t k) const { return w * stride + k * dilation - pad_begin; }
    bool inside(std::int64_t p) const { return p >= 0 && p < extent; }
    bool inside_or_padding(std::int64_t p) const { return p >= -pad_begin && p < extent + pad_end; }
};

struct Windows {
    WindowAxis y;
    WindowAxis x;
};

inline WindowAxis window_axis(WindowAxis a, const std::string& auto_pad, bool ceil_mode) {
    require(a.kernel > 0 && a.stride > 0 && a.dilation > 0, "kernel, stride and dilation must be positive");
    require(a.pad_begin >= 0 && a.pad_end >= 0, "negative padding of a window");
    const std::int64_t span = (a.kernel - 1) * a.dilation + 1;
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
        a.windows = (a.extent + a.stride - 1) / a.stride;
        const std::int64_t pad = std::max<std::int64_t>((a.windows - 1) * a.stride + span - a.extent, 0);
        a.pad_begin = auto_pad == "SAME_UPPER" ? pad / 2 : pad - pad / 2;
        a.pad_end = pad - a.pad_begin;
        return a;
    }
    require(auto_pad == "NOTSET" || auto_pad == "VALID", "auto_pad " + auto_pad);
    if (auto_pad == "VALID") {
        a.pad_begin = a.pad_end = 0;
    }
    const double steps = static_cast<double>(a.extent + a.pad_begin + a.pad_end - span) / static_cast<double>(a.stride);
    a.windows = static_cast<std::int64_t>(ceil_mode ? std::ceil(steps) : std::floor(steps)) + 1;
    if (ceil_mode && (a.windows - 1) * a.stride >= a.extent + a.pad_begin) {
        --a.windows;  // it would start in the padding at the end
    }
    require(a.windows > 0, "a window larger than the padded input");
    return a;
}

/// Reads strides, pads, dilations and auto_pad; x is [N][C][H][W].
inline Windows windows_of(const Node& node, const Array& x, const Dims& kernel, bool dilated, bool ceil_mode) {
    require(x.dims.size() == 4 && kernel.size() == 2, "windows over other than two axes");
    const Dims stride = node.integers("strides").value_or(Dims{1, 1});
    const Dims pads = node.integers("pads").value_or(Dims{0, 0, 0, 0});
    const Dims dilation = dilated ? node.integers("dilations").value_or(Dims{1, 1}) : Dims{1, 1};
    const std::string auto_pad = node.text("auto_pad", "NOTSET");
    require(stride.size() == 2 && pads.size() == 4 && dilation.size() == 2,
            "strides, pads or dilations of other ranks");
    return {window_axis({x.dims[2], kernel[0], stride[0], dilation[0], pads[0], pads[2]}, auto_pad, ceil_mode),
            window_axis({x.dims[3], kernel[1], stride[1], dilation[1], pads[1], pads[3]}, auto_pad, ceil_mode)};
}

}  // namespace axfire::oracle::onnx_graph
