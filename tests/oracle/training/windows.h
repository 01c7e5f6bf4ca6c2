// SPDX-License-Identifier: Apache-2.0
// Convolution and pooling of one sample, place by place.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/network/network.h"
#include "tests/oracle/training/dual.h"

namespace axfire::oracle {

/// `weight` and `bias` give an element, `times(x, w)` a product.
template <class T, class Weight, class Bias, class Times>
std::vector<T> conv2d(const nodes::Conv2d& node, const Shape& in, const Shape& out, const std::vector<T>& x,
                      const Weight& weight, const Bias& bias, const Times& times) {
    const Shape& w = node.weight.shape;
    const std::size_t height = in[in.size() - 2];
    const std::size_t width = in[in.size() - 1];
    std::vector<T> y;
    for (std::size_t o = 0; o < out[0]; ++o) {
        for (std::size_t oy = 0; oy < out[1]; ++oy) {
            for (std::size_t ox = 0; ox < out[2]; ++ox) {
                T sum = node.bias.empty() ? T(0) : bias(o);
                for (std::size_t c = 0; c < w[1]; ++c) {
                    for (std::size_t ky = 0; ky < w[2]; ++ky) {
                        for (std::size_t kx = 0; kx < w[3]; ++kx) {
                            const std::size_t iy = oy * node.stride[0] + ky * node.dilation[0];
                            const std::size_t ix = ox * node.stride[1] + kx * node.dilation[1];
                            if (iy < node.pad_begin[0] || ix < node.pad_begin[1] || iy - node.pad_begin[0] >= height ||
                                ix - node.pad_begin[1] >= width) {
                                continue;
                            }
                            const std::size_t channel = o / (out[0] / node.groups) * w[1] + c;
                            const std::size_t at =
                                (channel * height + iy - node.pad_begin[0]) * width + ix - node.pad_begin[1];
                            const std::size_t k = ((o * w[1] + c) * w[2] + ky) * w[3] + kx;
                            sum = sum + times(x[at], weight(k));
                        }
                    }
                }
                y.push_back(sum);
            }
        }
    }
    return y;
}

template <class T>
std::vector<T> pool2d(const nodes::Pool2d& node, const Shape& in, const Shape& out, const std::vector<T>& x) {
    const std::size_t height = in[in.size() - 2];
    const std::size_t width = in[in.size() - 1];
    std::vector<T> y;
    for (std::size_t c = 0; c < out[0]; ++c) {
        for (std::size_t oy = 0; oy < out[1]; ++oy) {
            for (std::size_t ox = 0; ox < out[2]; ++ox) {
                T sum(0);
                std::vector<T> inside;
                double counted = 0;
                for (std::size_t ky = 0; ky < node.kernel[0]; ++ky) {
                    for (std::size_t kx = 0; kx < node.kernel[1]; ++kx) {
                        const std::size_t iy = oy * node.stride[0] + ky * node.dilation[0];
                        const std::size_t ix = ox * node.stride[1] + kx * node.dilation[1];
                        const bool in_padded = iy < node.pad_begin[0] + height + node.pad_end[0] &&
                                               ix < node.pad_begin[1] + width + node.pad_end[1];
                        const bool there = iy >= node.pad_begin[0] && ix >= node.pad_begin[1] &&
                                           iy < node.pad_begin[0] + height && ix < node.pad_begin[1] + width;
                        counted += node.count_include_pad ? in_padded : there;
                        if (there) {
                            inside.push_back(x[(c * height + iy - node.pad_begin[0]) * width + ix - node.pad_begin[1]]);
                            sum = sum + inside.back();
                        }
                    }
                }
                if (node.kind == nodes::Pool2d::Kind::maximum) {
                    const auto most = std::max_element(
                        inside.begin(), inside.end(), [](const T& a, const T& b) { return value_of(a) < value_of(b); });
                    y.push_back(inside.empty() ? T(0) : *most);
                } else {
                    const bool divides = node.kind == nodes::Pool2d::Kind::average && counted != 0;
                    y.push_back(divides ? sum / T(counted) : sum);
                }
            }
        }
    }
    return y;
}

}  // namespace axfire::oracle
