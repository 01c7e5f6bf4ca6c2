// SPDX-License-Identifier: Apache-2.0
// Pools over windows and over whole images.
#pragma once

#include "tests/oracle/onnx/window.h"

namespace axfire::oracle::onnx_graph {

inline Arrays max_pool(const Node& node) {
    const Array& x = node.in(0);
    node.ignore("storage_order");  // of the indices only
    require(node.proto.output_size() == 1 || node.proto.output(1).empty(), "indices of a MaxPool");
    const bool ceil_mode = node.opset >= 10 && node.integer("ceil_mode", 0) != 0;
    const Dims kernel = node.integers("kernel_shape").value_or(Dims{});
    const Windows w = windows_of(node, x, kernel, node.opset >= 10, ceil_mode);

    return {generate({x.dims[0], x.dims[1], w.y.windows, w.x.windows}, x.integer, [&](const Dims& o) {
        std::optional<double> largest;
        for (std::int64_t ky = 0; ky < kernel[0]; ++ky) {
            for (std::int64_t kx = 0; kx < kernel[1]; ++kx) {
                const std::int64_t y = w.y.place(o[2], ky);
                const std::int64_t z = w.x.place(o[3], kx);
                if (w.y.inside(y) && w.x.inside(z)) {
                    const double value = at(x, {o[0], o[1], y, z});
                    largest = largest ? std::max(*largest, value) : value;
                }
            }
        }
        require(largest.has_value(), "a window of MaxPool without an element");
        return *largest;
    })};
}

/// Padding counts where count_include_pad says so; what a window of ceil_mode has beyond the padding never does.
inline Arrays average_pool(const Node& node) {
    const Array& x = node.in(0);
    const bool ceil_mode = node.opset >= 10 && node.integer("ceil_mode", 0) != 0;
    const bool with_padding = node.integer("count_include_pad", 0) != 0;
    const Dims kernel = node.integers("kernel_shape").value_or(Dims{});
    const Windows w = windows_of(node, x, kernel, node.opset >= 19, ceil_mode);

    return {generate({x.dims[0], x.dims[1], w.y.windows, w.x.windows}, false, [&](const Dims& o) {
        double sum = 0;
        std::int64_t count = 0;
        for (std::int64_t ky = 0; ky < kernel[0]; ++ky) {
            for (std::int64_t kx = 0; kx < kernel[1]; ++kx) {
                const std::int64_t y = w.y.place(o[2], ky);
                const std::int64_t z = w.x.place(o[3], kx);
                const bool inside = w.y.inside(y) && w.x.inside(z);
                sum += inside ? at(x, {o[0], o[1], y, z}) : 0;
                count += inside || (with_padding && w.y.inside_or_padding(y) && w.x.inside_or_padding(z)) ? 1 : 0;
            }
        }
        require(count > 0, "a window of AveragePool without an element");
        return sum / static_cast<double>(count);
    })};
}

/// One value for each channel, from the values of its image.
template <class Function>
Arrays global_pool(const Node& node, Function value_of) {
    const Array& x = node.in(0);
    require(x.dims.size() >= 3, "a global pool without an image");
    Dims dims = x.dims;
    std::fill(dims.begin() + 2, dims.end(), 1);
    const auto size = element_count({x.dims.begin() + 2, x.dims.end()});
    require(size > 0, "a global pool of nothing");
    return {generate(dims, false, [&](const Dims& o) {
        const auto first = x.values.begin() + (o[0] * x.dims[1] + o[1]) * size;
        return value_of(std::vector<double>(first, first + size));
    })};
}

inline Arrays global_average_pool(const Node& node) {
    return global_pool(node, [](const std::vector<double>& image) {
        double sum = 0;
        for (const double v : image) {
            sum += v;
        }
        return sum / static_cast<double>(image.size());
    });
}

inline Arrays global_max_pool(const Node& node) {
    return global_pool(node, [](const std::vector<double>& image) {
        double largest = image[0];
        for (const double v : image) {
            largest = std::max(largest, v);
        }
        return largest;
    });
}

}  // namespace axfire::oracle::onnx_graph
