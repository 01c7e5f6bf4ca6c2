// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/keras_layouts.h"

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire {

Tensor keras_convolution_weight(const Tensor& kernel, bool depthwise) {
    if (kernel.shape.size() != 4) {
        throw InputError(fmt::format("its kernel is {}", to_string(kernel.shape)));
    }
    const std::size_t height = kernel.shape[0], width = kernel.shape[1];
    const std::size_t in = depthwise ? 1 : kernel.shape[2];
    const std::size_t out = depthwise ? kernel.shape[2] * kernel.shape[3] : kernel.shape[3];
    Tensor weight{{out, in, height, width}, {}};
    weight.data.reserve(kernel.data.size());
    for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t i = 0; i < in; ++i) {
            for (std::size_t k = 0; k < height * width; ++k) {
                weight.data.push_back(kernel.data[(k * in + i) * out + o]);
            }
        }
    }
    return weight;
}

Tensor keras_dense_weight(const Tensor& kernel) {
    const std::size_t in = kernel.shape[0], out = kernel.shape[1];
    Tensor weight{{out, in}, std::vector<float>(kernel.data.size())};
    for (std::size_t i = 0; i < in; ++i) {
        for (std::size_t o = 0; o < out; ++o) {
            weight.data[o * in + i] = kernel.data[i * out + o];
        }
    }
    return weight;
}

KerasPadding keras_padding(const std::string& padding, const Shape& image, const std::array<std::size_t, 2>& span,
                           const std::array<std::size_t, 2>& stride) {
    if (padding != "same" && padding != "valid") {
        throw InputError(fmt::format("its padding is '{}'; known are same and valid", padding));
    }
    KerasPadding pad;
    for (std::size_t axis = 0; axis < 2 && padding == "same"; ++axis) {
        const std::size_t in = image[1 + axis];
        const std::size_t out = (in + stride[axis] - 1) / stride[axis];
        const std::size_t needed = (out - 1) * stride[axis] + span[axis];
        const std::size_t total = needed > in ? needed - in : 0;
        pad.begin[axis] = total / 2;
        pad.end[axis] = total - total / 2;
    }
    return pad;
}

nodes::Rearrange zero_padded(const Shape& image, const KerasPadding& padding) {
    const auto& [begin, end] = padding;
    nodes::Rearrange node{{image[0], image[1] + begin[0] + end[0], image[2] + begin[1] + end[1]}, {}, 0};
    for (std::size_t c = 0; c < node.shape[0]; ++c) {
        for (std::size_t y = 0; y < node.shape[1]; ++y) {
            for (std::size_t x = 0; x < node.shape[2]; ++x) {
                const bool inside =
                    y >= begin[0] && y < begin[0] + image[1] && x >= begin[1] && x < begin[1] + image[2];
                node.source.push_back(
                    inside ? static_cast<std::uint32_t>((c * image[1] + y - begin[0]) * image[2] + x - begin[1])
                           : nodes::Rearrange::kFill);
            }
        }
    }
    return node;
}

nodes::Rearrange channels_last(const Shape& image) {
    nodes::Rearrange node{{element_count(image)}, {}, 0};
    for (std::size_t place = 0; place < image[1] * image[2]; ++place) {
        for (std::size_t c = 0; c < image[0]; ++c) {
            node.source.push_back(static_cast<std::uint32_t>(c * image[1] * image[2] + place));
        }
    }
    return node;
}

}  // namespace axfire
