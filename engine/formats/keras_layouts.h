// SPDX-License-Identifier: Apache-2.0
// What Keras lays out otherwise than a network here: channels last, weights by input, the padding "same".
#pragma once

#include <array>

#include "engine/network/network.h"

namespace axfire {

/// [height][width][in][out], or [height][width][in][multiplier] of a depthwise convolution -> [out][in][height][width],
/// with `in` those of a group. Throws InputError for another number of axes.
Tensor keras_convolution_weight(const Tensor& kernel, bool depthwise);

/// [in][out] -> [out][in].
Tensor keras_dense_weight(const Tensor& kernel);

/// Elements before and behind, by axis.
struct KerasPadding {
    std::array<std::size_t, 2> begin{}, end{};
};

/// Padding "valid": none; "same" as TensorFlow has it: an odd rest goes to the end. `image` is
/// [channels][height][width], `span` what a window spans. Throws InputError for another padding.
KerasPadding keras_padding(const std::string& padding, const Shape& image, const std::array<std::size_t, 2>& span,
                           const std::array<std::size_t, 2>& stride);

/// An image among zeros.
nodes::Rearrange zero_padded(const Shape& image, const KerasPadding& padding);

/// Images as Keras flattens them, by height, width, channel.
nodes::Rearrange channels_last(const Shape& image);

}  // namespace axfire
