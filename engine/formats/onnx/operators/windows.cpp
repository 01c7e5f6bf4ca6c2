// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/onnx/operators/windows.h"

#include <algorithm>

#include <fmt/format.h>

namespace axfire::onnx_import {

namespace {

constexpr std::int64_t kMaxWindow = std::int64_t{1} << 24;

/// `n` values between `least` and kMaxWindow; `missing` for each where the attribute is not given.
std::vector<std::int64_t> sizes(const Call& call, const char* attribute, std::size_t n, std::int64_t missing,
                                std::int64_t least) {
    const std::vector<std::int64_t> values = call.integers(attribute).value_or(std::vector<std::int64_t>(n, missing));
    if (values.size() != n) {
        call.fail(fmt::format("its attribute {} has {} values; only two-dimensional windows are supported", attribute,
                              values.size()));
    }
    for (const std::int64_t value : values) {
        if (value < least || value > kMaxWindow) {
            call.fail(fmt::format("its attribute {} is {}; it must be {} to {}", attribute, value, least, kMaxWindow));
        }
    }
    return values;
}

}  // namespace

const Dims& image_dims(const Call& call) {
    const Dims& dims = call.signal(0).dims;
    if (dims.size() != 4) {
        call.fail(fmt::format("its input is {}; only [batch, channels, height, width] is supported", to_string(dims)));
    }
    return dims;
}

Windows read_windows(const Call& call, const Dims& in, const std::array<std::int64_t, 2>& kernel) {
    Windows w{};
    const auto stride = sizes(call, "strides", 2, 1, 1);
    const auto dilation = sizes(call, "dilations", 2, 1, 1);
    std::vector<std::int64_t> pads = sizes(call, "pads", 4, 0, 0);
    const std::string automatic = call.text("auto_pad", "NOTSET");
    const bool same = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
    if (!same && automatic != "NOTSET" && automatic != "VALID" && !automatic.empty()) {
        call.fail(fmt::format("its attribute auto_pad is '{}'; known are NOTSET, VALID, SAME_UPPER and SAME_LOWER",
                              automatic));
    }
    const bool ceil = call.integer("ceil_mode").value_or(0) != 0;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const std::int64_t extent = in[2 + axis];
        if (kernel[axis] < 1 || kernel[axis] > kMaxWindow) {
            call.fail(fmt::format("its kernel has the extent {}; it must be 1 to {}", kernel[axis], kMaxWindow));
        }
        const std::int64_t span = dilation[axis] * (kernel[axis] - 1) + 1;
        if (automatic == "VALID") {
            pads[axis] = pads[2 + axis] = 0;
        } else if (same) {
            const std::int64_t out = (extent + stride[axis] - 1) / stride[axis];
            const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * stride[axis] + span - extent);
            pads[axis] = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
            pads[2 + axis] = total - pads[axis];
        }
        const std::int64_t room = extent + pads[axis] + pads[2 + axis] - span;
        const bool partial = ceil && room < 0 && room > -stride[axis];  // a first window that is not full
        if (room < 0 && !partial) {
            call.fail(fmt::format("its kernel spans {} where the input has {} with {} of padding", span, extent,
                                  pads[axis] + pads[2 + axis]));
        }
        std::int64_t out = room / stride[axis] + 1;
        if (partial) {
            w.extra_end[axis] = static_cast<std::size_t>(-room);
        } else if (ceil && room % stride[axis] != 0 && out * stride[axis] < extent + pads[axis]) {
            // Another window where elements are left, unless it would start past the image.
            w.extra_end[axis] = static_cast<std::size_t>(out * stride[axis] - room);
            ++out;
        }
        w.kernel[axis] = static_cast<std::size_t>(kernel[axis]);
        w.stride[axis] = static_cast<std::size_t>(stride[axis]);
        w.dilation[axis] = static_cast<std::size_t>(dilation[axis]);
        w.pad_begin[axis] = static_cast<std::size_t>(pads[axis]);
        w.pad_end[axis] = static_cast<std::size_t>(pads[2 + axis]);
        w.out[axis] = out;
    }
    return w;
}

}  // namespace axfire::onnx_import
