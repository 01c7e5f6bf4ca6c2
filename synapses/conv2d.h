// SPDX-License-Identifier: Apache-2.0
// Convolutions: sum = +0; then (C_in, K_h, K_w) ascending; then the bias. Lanes run over the output channels.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

/// Event-driven: each spike goes to the outputs that it reaches. Spikes come by ascending (channel, y, x), so every
/// output receives its terms by ascending (C_in, K_h, K_w). Arithmetic
/// grows with the spikes; what grows with the layer is one copy of its empty sums.
template <class Add, class Mul>
struct Conv2dEvents {
    Conv2dArgs& a;

    void operator()() const {
        const Add add(a.arithmetic.add);
        const Mul mul(a.arithmetic.mul);
        u32 reached = 0;
        u64 visits = 0;
        u64 products = 0;
        const u32 plane = a.height_in * a.width_in;
        const u32 group_in = a.channels_in / a.groups;
        for (u32 e = 0; e < a.events.count; ++e) {
            const u32 index = a.events.index[e];
            const u32 c = index / plane;
            const u32 y = index % plane / a.width_in;
            const u32 x = index % a.width_in;
            const u32 group = c / group_in;
            const EventTerm term = event_term(mul, a.arithmetic, a.events, e);
            const u32* weights = term.multiplies ? a.weight_mul : a.weight_add;
            weights += static_cast<u64>(c) * a.kernel_h * a.kernel_w * a.group_stride;
            for (u32 ty = a.rows.begin[y]; ty < a.rows.begin[y + 1]; ++ty) {
                const Tap row = a.rows.taps[ty];
                for (u32 tx = a.columns.begin[x]; tx < a.columns.begin[x + 1]; ++tx) {
                    const Tap column = a.columns.taps[tx];
                    const u32 place = (row.o * a.width_out + column.o) * a.groups + group;
                    u32* acc = a.accumulator + static_cast<u64>(place) * a.group_stride;
                    const u32* w = weights + (row.k * a.kernel_w + column.k) * a.group_stride;
                    const bool first = a.touched[place] == 0;
                    if (first) {
                        a.touched[place] = 1;
                        a.reached[reached++] = place;
                    }
                    for (u32 o = 0; o < a.group_stride; o += kLanes) {
                        const Lanes sum = first ? Lanes{} : load(acc + o);
                        const Lanes weight = load(w + o);
                        store(acc + o, term.multiplies ? mac(add, mul, sum, term.amplitude, weight) : add(sum, weight));
                    }
                    ++visits;
                    products += term.multiplies;
                }
            }
        }
        a.operations = visits * (a.channels_out / a.groups);
        a.products = products * (a.channels_out / a.groups);
        finish(add, reached);
    }

private:
    /// Adds the bias where events arrived and brings the sums into channel-major order.
    void finish(const Add& add, u32 reached) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 group_out = a.channels_out / a.groups;
        memcpy(a.sums, a.bias_only, sizeof(u32) * plane * a.channels_out);
        for (u32 r = 0; r < reached; ++r) {
            const u32 place = a.reached[r];
            a.touched[place] = 0;
            const u32 group = place % a.groups;
            const u32* acc = a.accumulator + static_cast<u64>(place) * a.group_stride;
            u32* out = a.sums + place / a.groups + static_cast<u64>(group) * group_out * plane;
            for (u32 o = 0; o < a.group_stride; o += kLanes) {
                Lanes sum = load(acc + o);
                if (a.bias != nullptr) {
                    sum = add(sum, load(a.bias + group * a.group_stride + o));
                }
                sum = Add::finish(sum);
                for (u32 j = 0; j < kLanes && o + j < group_out; ++j) {
                    out[static_cast<u64>(o + j) * plane] = sum[j];
                }
            }
        }
    }
};

/// Dense: every tap is a multiply-accumulate, padded ones with +0.
template <class Add, class Mul>
struct Conv2dDense {
    Conv2dArgs& a;

    void operator()() const {
        const Add add(a.arithmetic.add);
        const Mul mul(a.arithmetic.mul);
        const u32 plane = a.height_out * a.width_out;
        const u32 group_out = a.channels_out / a.groups;
        for (u32 group = 0; group < a.groups; ++group) {
            for (u32 y = 0; y < a.height_out; ++y) {
                for (u32 x = 0; x < a.width_out; ++x) {
                    u32* out = a.sums + static_cast<u64>(group) * group_out * plane + y * a.width_out + x;
                    u32 o = 0;
                    for (; o + 2 * kLanes <= a.group_stride; o += 2 * kLanes) {
                        block<2>(add, mul, group, y, x, o, out);
                    }
                    for (; o < a.group_stride; o += kLanes) {
                        block<1>(add, mul, group, y, x, o, out);
                    }
                }
            }
        }
        a.operations = static_cast<u64>(plane) * a.channels_out * (a.channels_in / a.groups) * a.kernel_h * a.kernel_w;
        a.products = a.operations;
    }

private:
    /// The input under kernel row ky and column kx of output (y, x); +0 in the padding.
    AXFIRE_FN u32 tap(u32 c, u32 y, u32 ky, u32 x, u32 kx) const {
        const u32 iy = y * a.stride_h + ky * a.dilation_h - a.pad_h;  // wraps to a large number above the image
        const u32 ix = x * a.stride_w + kx * a.dilation_w - a.pad_w;
        if (iy >= a.height_in || ix >= a.width_in) {
            return 0;
        }
        const u32 value = a.values[(c * a.height_in + iy) * a.width_in + ix];
        return value == kAbsent ? 0 : value;
    }

    template <u32 B>
    AXFIRE_FN void block(const Add& add, const Mul& mul, u32 group, u32 y, u32 x, u32 o, u32* out) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 group_in = a.channels_in / a.groups;
        const u32 group_out = a.channels_out / a.groups;
        Lanes sum[B] = {};
        const u32* w = a.weight_mul + static_cast<u64>(group) * group_in * a.kernel_h * a.kernel_w * a.group_stride + o;
        for (u32 c = group * group_in; c < (group + 1) * group_in; ++c) {
            for (u32 ky = 0; ky < a.kernel_h; ++ky) {
                for (u32 kx = 0; kx < a.kernel_w; ++kx, w += a.group_stride) {
                    const Lanes value = mul.operand(splat<Lanes>(tap(c, y, ky, x, kx)));
                    for (u32 j = 0; j < B; ++j) {
                        sum[j] = mac(add, mul, sum[j], value, load(w + j * kLanes));
                    }
                }
            }
        }
        for (u32 j = 0; j < B; ++j) {
            const u32 first = o + j * kLanes;
            if (a.bias != nullptr) {
                sum[j] = add(sum[j], load(a.bias + group * a.group_stride + first));
            }
            sum[j] = Add::finish(sum[j]);
            for (u32 i = 0; i < kLanes && first + i < group_out; ++i) {
                out[static_cast<u64>(first + i) * plane] = sum[j][i];
            }
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
