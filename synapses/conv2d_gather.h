// SPDX-License-Identifier: Apache-2.0
// Convolutions of events, output by output: sum = +0; then the events by ascending (C_in, K_h, K_w); then the bias.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

/// Each output collects the events under its window; lanes run over the output channels. Taps that did not arrive are
/// left out, padding among them.
template <class Add, class Mul>
struct Conv2dGather {
    Conv2dArgs& a;

    void operator()() const {
        const Units<Add, Mul> units(a.arithmetic);
        const u32 plane = a.height_out * a.width_out;
        const u32 group_out = a.channels_out / a.groups;
        a.operations = 0;
        a.products = 0;
        for (u32 group = 0; group < a.groups; ++group) {
            for (u32 y = 0; y < a.height_out; ++y) {
                for (u32 x = 0; x < a.width_out; ++x) {
                    const u64 at = static_cast<u64>(group) * group_out * plane + y * a.width_out + x;
                    u32 o = 0;
                    for (; o + 2 * kLanes <= a.group_stride; o += 2 * kLanes) {
                        block<2>(units, group, y, x, o, at);
                    }
                    for (; o < a.group_stride; o += kLanes) {
                        block<1>(units, group, y, x, o, at);
                    }
                }
            }
        }
        a.operations *= group_out;
        a.products *= group_out;
    }

    /// The sums of B lane groups of channels from channel o of the group on, at output (y, x); `at` is the index of the
    /// group's first channel there. Counts the events under the window where o is 0.
    template <u32 B>
    AXFIRE_FN void block(const Units<Add, Mul>& units, u32 group, u32 y, u32 x, u32 o, u64 at) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 group_in = a.channels_in / a.groups;
        const u32 group_out = a.channels_out / a.groups;
        Lanes output[B];
        for (u32 j = 0; j < B; ++j) {  // the outputs' indices, channel-major
            output[j] = lane_indices(o + j * kLanes) * plane + static_cast<u32>(at);
        }
        auto sum = units.sum(output);
        u64 row = static_cast<u64>(group) * group_in * a.kernel_h * a.kernel_w * a.group_stride + o;
        const u32 inputs = a.channels_in * a.height_in * a.width_in;
        u32 index = 0;
        for (u32 c = group * group_in; c < (group + 1) * group_in; ++c) {
            for (u32 ky = 0; ky < a.kernel_h; ++ky) {
                for (u32 kx = 0; kx < a.kernel_w; ++kx, row += a.group_stride, ++index) {
                    const u32 source = tap(c, y, ky, x, kx);
                    const u32 value = source < inputs ? a.values[source] : kAbsent;
                    if (value == kAbsent) {
                        continue;
                    }
                    sum.open(index);
                    a.operations += o == 0;
                    if (units.adds_weight(value)) {
                        for (u32 j = 0; j < B; ++j) {
                            sum.take(j, index, load(a.weight_add + row + j * kLanes));
                        }
                        continue;
                    }
                    a.products += o == 0;
                    const Lanes in = units.input(splat<Lanes>(value), splat<Lanes>(source));
                    for (u32 j = 0; j < B; ++j) {
                        sum.take(j, index, units.term(in, load(a.weight_mul + row + j * kLanes), output[j], index));
                    }
                }
            }
        }
        sum.close();
        for (u32 j = 0; j < B; ++j) {
            const u32 first = o + j * kLanes;
            Lanes total = sum.value[j];
            if (a.bias != nullptr) {
                total = units.add_bias(total, load(a.bias + group * a.group_stride + first), output[j], index);
            }
            total = Add::finish(total);
            for (u32 i = 0; i < kLanes && first + i < group_out; ++i) {
                const u64 place = at + static_cast<u64>(first + i) * plane;
                a.sums[place] = !sum.started ? a.bias_only[place] : lane(total, i);
            }
        }
    }

private:
    /// Index of the input under kernel row ky and column kx of output (y, x); kAbsent in the padding.
    AXFIRE_FN u32 tap(u32 c, u32 y, u32 ky, u32 x, u32 kx) const {
        const u32 iy = y * a.stride_h + ky * a.dilation_h - a.pad_h;  // wraps to a large number above the image
        const u32 ix = x * a.stride_w + kx * a.dilation_w - a.pad_w;
        return iy < a.height_in && ix < a.width_in ? (c * a.height_in + iy) * a.width_in + ix : kAbsent;
    }
};

}  // namespace axfire::AXFIRE_ISA
