// SPDX-License-Identifier: Apache-2.0
#include "engine/network/operations.h"

namespace axfire {

namespace {

/// Places of a kernel that lie inside the image, over all outputs along one axis.
std::uint64_t taps(std::size_t in, std::size_t out, std::size_t kernel, std::size_t stride, std::size_t pad,
                   std::size_t dilation) {
    std::uint64_t count = 0;
    for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t k = 0; k < kernel; ++k) {
            const std::size_t place = o * stride + k * dilation;
            count += place >= pad && place < in + pad;
        }
    }
    return count;
}

}  // namespace

std::uint64_t multiply_accumulates(const Network& network, const Topology& topology) {
    std::uint64_t total = 0;
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        if (const auto* linear = std::get_if<nodes::Linear>(&network.nodes[n].kind)) {
            total += linear->weight.data.size();
        } else if (const auto* conv = std::get_if<nodes::Conv2d>(&network.nodes[n].kind)) {
            const auto& near = topology.feed_forward[n];
            const Shape& in = topology.shape[near.empty() ? topology.recurrent[n].at(0) : near[0]];
            const Shape& out = topology.shape[n];
            const Shape& w = conv->weight.shape;
            total += w[0] * w[1] *
                     taps(in[in.size() - 2], out[1], w[2], conv->stride[0], conv->pad_begin[0], conv->dilation[0]) *
                     taps(in[in.size() - 1], out[2], w[3], conv->stride[1], conv->pad_begin[1], conv->dilation[1]);
        }
    }
    return total;
}

}  // namespace axfire
