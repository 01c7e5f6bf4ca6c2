// SPDX-License-Identifier: Apache-2.0
// What a batch normalisation does to one channel.
#pragma once

#include <cmath>

#include "engine/network/network.h"

namespace axfire {

struct AffineChannel {
    double gain;   ///< gamma / sqrt(variance + epsilon)
    double shift;  ///< beta - mean gain
};

inline AffineChannel affine_channel(const nodes::BatchNorm& node, std::size_t channel) {
    const double gain = node.gamma.data[channel] / std::sqrt(node.variance.data[channel] + node.epsilon);
    return {gain, node.beta.data[channel] - node.mean.data[channel] * gain};
}

}  // namespace axfire
