// SPDX-License-Identifier: Apache-2.0
// What convolution and pooling take from their node: the extents, the window and where it goes.
#pragma once

#include "engine/simulation/stage.h"
#include "engine/simulation/stages/taps.h"

namespace axfire {

/// Fills the members of the arguments that have these names, from a node that has stride, padding and dilation.
template <class Args, class Node>
void set_window(Args& a, std::size_t kernel_h, std::size_t kernel_w, const Node& node, const StageContext& c) {
    const auto u = [](std::size_t n) { return static_cast<u32>(n); };
    a.height_in = u(c.in[c.in.size() - 2]);
    a.width_in = u(c.in[c.in.size() - 1]);
    a.height_out = u(c.out[1]);
    a.width_out = u(c.out[2]);
    a.kernel_h = u(kernel_h);
    a.kernel_w = u(kernel_w);
    a.stride_h = u(node.stride[0]);
    a.stride_w = u(node.stride[1]);
    a.pad_h = u(node.pad_begin[0]);
    a.pad_w = u(node.pad_begin[1]);
    a.dilation_h = u(node.dilation[0]);
    a.dilation_w = u(node.dilation[1]);
}

/// The windows that an input row, or column, lies in.
template <class Args>
Taps rows_of(const Args& a, u32 weight_step = 0, u32 sum_step = 0) {
    return {a.height_in, a.height_out, a.kernel_h, a.stride_h, a.pad_h, a.dilation_h, weight_step, sum_step};
}
template <class Args>
Taps columns_of(const Args& a, u32 weight_step = 0, u32 sum_step = 0) {
    return {a.width_in, a.width_out, a.kernel_w, a.stride_w, a.pad_w, a.dilation_w, weight_step, sum_step};
}

}  // namespace axfire
