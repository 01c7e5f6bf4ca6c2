// SPDX-License-Identifier: Apache-2.0
// The raw views that projection kernels work on. Values are binary32 bits.
#pragma once

#include "arith/draw.h"
#include "arith/spec.h"

namespace axfire {

/// Arrays that lanes run over are padded to a multiple of this.
inline constexpr u32 kPad = 16;
constexpr u32 padded(u32 n) {
    return (n + kPad - 1) / kPad * kPad;
}

/// The spikes of one step, by ascending source index.
struct EventView {
    const u32* index;
    const u32* amplitude;  ///< nullptr: all 1
    u32 count;
};

/// Magnitudes (binary32 bits) of what is not zero: both 0 where there is nothing. Without being told: any.
struct Magnitudes {
    u32 least = 0;
    u32 greatest = ~0u;
};

/// What a projection's sums are made with.
struct ProjectionArithmetic {
    AdderSpec add;
    MultiplierSpec mul;
    bool multiply_spikes;  ///< send spikes of amplitude 1 through the multiplier too
    RandomSite site;       ///< of stochastic roundings
};

struct LinearArgs {
    u32 inputs;
    u32 outputs;
    u32 stride;             ///< padded(outputs)
    const u32* weight_add;  ///< [inputs][stride], in the adder's format: what a plain spike adds
    const u32* weight_mul;  ///< [inputs][stride], in the multiplier's format
    const u32* bias;        ///< [stride] in the adder's format, or nullptr
    EventView events;       ///< event-driven kernels
    const u32* values;      ///< [inputs], dense kernels; kAbsent counts as +0
    u32* sums;              ///< out: [stride]
    ProjectionArithmetic arithmetic;
    u32 first = 0, last = ~0u;  ///< the sums of this call: a tile, multiples of kPad
    Magnitudes weights{};       ///< of weight_mul
};

/// Where an input row (or column) goes: kernel rows `k` and output rows `o`, by ascending o.
struct Tap {
    u32 k;
    u32 o;
    u32 weight;  ///< convolution: k in weights
    u32 sum;     ///< convolution: o in accumulators
};
struct TapList {
    const u32* begin;  ///< [in + 1]: the taps of row y are [begin[y], begin[y + 1])
    const Tap* taps;
};

struct Conv2dArgs {
    u32 channels_in, height_in, width_in;
    u32 channels_out, height_out, width_out;
    u32 kernel_h, kernel_w;
    u32 stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
    u32 groups;
    u32 group_stride;       ///< padded(channels_out / groups)
    const u32* weight_add;  ///< [channels_in][kernel_h][kernel_w][group_stride]
    const u32* weight_mul;
    const u32* bias;  ///< [groups][group_stride] or nullptr
    const u32*
        bias_only;  ///< [channels_out][height_out][width_out]: the sum where no event arrived; kAbsent without bias
    TapList rows, columns;
    EventView events;
    const u32* values;  ///< [channels_in][height_in][width_in]; of events where the order is not sequential: kAbsent
    bool lanes_along_rows;  ///< dense: lanes run over outputs side by side in a row, not over channels
    u32 plane_h, plane_w;   ///< dense: of the padded image; plane_w is a multiple of stride_w
    const u32* place;       ///< dense: [plane_w], where a padded column lies in its row of the plane
    u32* plane;             ///< dense: scratch [channels_in][plane_h][plane_w] and kPad more, zero where nothing is put
    u32* accumulator;       ///< scratch [height_out * width_out][groups][group_stride], zero before and after
    unsigned char* touched;  ///< scratch, one for each kPad accumulators, zero before and after
    u32* sums;               ///< out: [channels_out][height_out][width_out]
    u64 operations;          ///< out: accumulations performed, biases not counted
    u64 products;            ///< out: of them with a multiplication
    ProjectionArithmetic arithmetic;
    u32 first_row = 0, last_row = ~0u;  ///< dense: the output rows of this call, a tile
    Magnitudes weights{};               ///< dense: of weight_mul
};

struct Pool2dArgs {
    u32 channels, height_in, width_in, height_out, width_out;
    u32 kernel_h, kernel_w;
    u32 stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
    TapList rows, columns;
    bool average;
    const u32* factor_add;  ///< [height_out * width_out]: 1/n of each window (1 for sum pooling), adder's format
    const u32* factor_mul;  ///< the same in the multiplier's format
    EventView events;
    const u32* values;  ///< [channels][height_in][width_in], as for a convolution
    u32* sums;          ///< out: [channels][height_out][width_out]; kAbsent where no event arrived
    u32* reached;       ///< out: indices of the sums that events reached, in no order
    u32 reached_count;  ///< out
    u64 operations;     ///< out
    u64 products;       ///< out
    ProjectionArithmetic arithmetic;
};

/// Element-wise operations over [count] elements; kAbsent operands are left out.
struct ElementwiseArgs {
    u32 count;
    u32 operand;  ///< the number of this operation among those of its node, for stochastic roundings
    const u32* a;
    const u32* b;
    u32* out;
    ProjectionArithmetic arithmetic;
    u64 operations = 0;  ///< out, sums: elements where both operands were there
};

}  // namespace axfire
