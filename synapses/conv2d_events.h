// SPDX-License-Identifier: Apache-2.0
// Convolutions of events: sum = +0; then the events by ascending (C_in, K_h, K_w); then the bias.
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

private:
    /// Index of the input under kernel row ky and column kx of output (y, x); kAbsent in the padding.
    AXFIRE_FN u32 tap(u32 c, u32 y, u32 ky, u32 x, u32 kx) const {
        const u32 iy = y * a.stride_h + ky * a.dilation_h - a.pad_h;  // wraps to a large number above the image
        const u32 ix = x * a.stride_w + kx * a.dilation_w - a.pad_w;
        return iy < a.height_in && ix < a.width_in ? (c * a.height_in + iy) * a.width_in + ix : kAbsent;
    }

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
                a.sums[place] = !sum.started ? a.bias_only[place] : total[i];
            }
        }
    }
};

/// Event-driven: each spike goes to the outputs that it reaches. Spikes come by ascending (channel, y, x), so every
/// output receives its terms by ascending (C_in, K_h, K_w). Arithmetic grows with the spikes; what grows with the layer
/// is one copy of its empty sums. Other orders than the sequential one are gathered.
template <class Add, class Mul>
struct Conv2dEvents {
    Conv2dArgs& a;

    void operator()() const {
        const Units<Add, Mul> units(a.arithmetic);
        if (units.add.order() == Order::sequential) {
            scatter(units);
        } else {
            Conv2dGather<Add, Mul>{a}();
        }
    }

private:
    AXFIRE_FN void scatter(const Units<Add, Mul>& units) const {
        const bool plain = a.events.amplitude == nullptr && !a.arithmetic.multiply_spikes;
        if (plain && a.group_stride == kLanes) {
            send<true, 1>(units);
        } else if (plain && a.group_stride == 2 * kLanes) {
            send<true, 2>(units);
        } else if (plain) {
            send<true, 0>(units);
        } else {
            send<false, 0>(units);
        }
        finish(units);
    }

    /// Adds every event's weights to the sums of the places that it reaches. kPlain: no event has an amplitude. V: the
    /// lane groups of a place, or 0 for any number.
    template <bool kPlain, u32 V>
    AXFIRE_FN void send(const Units<Add, Mul>& units) const {
        const u32 plane_in = a.height_in * a.width_in;
        const u32 plane = a.height_out * a.width_out;
        const u32 group_in = a.channels_in / a.groups;
        const u32 group_out = a.channels_out / a.groups;
        const u32 window = a.kernel_h * a.kernel_w;
        const u32 stride = V != 0 ? V * kLanes : a.group_stride;
        u32* const accumulator = a.accumulator;  // apart: a store of `touched` might change what `a` points to
        unsigned char* const touched = a.touched;
        u64 visits = 0;
        u64 products = 0;
        u32 c = 0;
        for (u32 e = 0; e < a.events.count; ++e) {
            while (a.events.index[e] - c * plane_in >= plane_in) {
                ++c;
            }
            const u32 at = a.events.index[e] - c * plane_in;
            const u32 y = at / a.width_in;
            const u32 x = at - y * a.width_in;
            const u32 group = c / group_in;
            const u32 amplitude = kPlain ? kOneBits : amplitude_of(a.events, e);
            const bool plain = kPlain || units.adds_weight(amplitude);
            const u32* const weights = (plain ? a.weight_add : a.weight_mul) + static_cast<u64>(c) * window * stride;
            const Lanes in = plain ? Lanes{} : units.input(splat<Lanes>(amplitude), splat<Lanes>(a.events.index[e]));
            const Tap* const rows = a.rows.taps + a.rows.begin[y];
            const Tap* const rows_end = a.rows.taps + a.rows.begin[y + 1];
            const Tap* const columns = a.columns.taps + a.columns.begin[x];
            const Tap* const columns_end = a.columns.taps + a.columns.begin[x + 1];
            for (const Tap* row = rows; row != rows_end; ++row) {
                for (const Tap* column = columns; column != columns_end; ++column) {
                    const u32 place = row->sum + column->sum + group * stride;
                    const u32* const w = weights + row->weight + column->weight;
                    u32* const sum = accumulator + place;
                    touched[place / kPad] = 1;
                    const u32 index = ((c - group * group_in) * a.kernel_h + row->k) * a.kernel_w + column->k;
                    for (u32 o = 0; o < stride; o += kLanes) {
                        const Lanes output =
                            (lane_indices(o) + group * group_out) * plane + (row->o * a.width_out + column->o);
                        const Lanes weight = load(w + o);
                        const Lanes term = plain ? weight : units.term(in, weight, output, index);
                        const Draw<Lanes> draw{a.arithmetic.site, output, index, Role::sum};
                        store(sum + o, units.add(load(sum + o), term, draw));
                    }
                }
            }
            const u64 reached = static_cast<u64>(rows_end - rows) * static_cast<u64>(columns_end - columns);
            visits += reached;
            products += plain ? 0 : reached;
        }
        a.operations = visits * group_out;
        a.products = products * group_out;
    }

    /// Adds the bias where events arrived, brings the sums into channel-major order and empties the accumulators.
    AXFIRE_FN void finish(const Units<Add, Mul>& units) const {
        const u32 plane = a.height_out * a.width_out;
        memcpy(a.sums, a.bias_only, sizeof(u32) * plane * a.channels_out);
        for (u32 group = 0; group < a.groups; ++group) {
            for (u32 pixel = 0; pixel < plane; pixel += kLanes) {
                const u32 count = plane - pixel < kLanes ? plane - pixel : kLanes;
                u32 reached = 0;
                Lanes mask{};
                for (u32 i = 0; i < count; ++i) {
                    unsigned char& touched = a.touched[((pixel + i) * a.groups + group) * (a.group_stride / kPad)];
                    mask[i] = 0u - touched;
                    reached += touched;
                    touched = 0;
                }
                if (reached == 0) {
                    continue;
                }
                for (u32 o = 0; o < a.group_stride; o += kLanes) {
                    if (count == kLanes && reached >= kLanes / 4) {
                        finish_block(units, group, pixel, o, mask);
                    } else {
                        finish_places(units, group, pixel, o, count, mask);
                    }
                }
            }
        }
    }

    /// The completed sums of one pixel, from channel o of the group on.
    AXFIRE_FN Lanes complete(const Units<Add, Mul>& units, u32 group, u32 pixel, u32 o) const {
        u32* const at = a.accumulator + (static_cast<u64>(pixel) * a.groups + group) * a.group_stride + o;
        Lanes sum = load(at);
        store(at, Lanes{});
        if (a.bias != nullptr) {
            const u32 plane = a.height_out * a.width_out;
            const Lanes output = (lane_indices(o) + group * (a.channels_out / a.groups)) * plane + pixel;
            const u32 inputs = a.channels_in / a.groups * a.kernel_h * a.kernel_w;
            sum = units.add_bias(sum, load(a.bias + group * a.group_stride + o), output, inputs);
        }
        return Add::finish(sum);
    }

    /// kLanes pixels at once: what lies pixel by pixel is turned to lie channel by channel.
    AXFIRE_FN void finish_block(const Units<Add, Mul>& units, u32 group, u32 pixel, u32 o, const Lanes& mask) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 group_out = a.channels_out / a.groups;
        Lanes square[kLanes];
        for (u32 i = 0; i < kLanes; ++i) {
            square[i] = complete(units, group, pixel + i, o);
        }
        transpose(square);
        for (u32 j = 0; j < kLanes && o + j < group_out; ++j) {
            u32* const out = a.sums + static_cast<u64>(group * group_out + o + j) * plane + pixel;
            store(out, select(mask, square[j], load(out)));
        }
    }

    AXFIRE_FN void finish_places(const Units<Add, Mul>& units, u32 group, u32 pixel, u32 o, u32 count,
                                 const Lanes& mask) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 group_out = a.channels_out / a.groups;
        for (u32 i = 0; i < count; ++i) {
            if (mask[i] == 0) {
                continue;
            }
            const Lanes sum = complete(units, group, pixel + i, o);
            u32* const out = a.sums + static_cast<u64>(group * group_out + o) * plane + pixel + i;
            for (u32 j = 0; j < kLanes && o + j < group_out; ++j) {
                out[static_cast<u64>(j) * plane] = sum[j];
            }
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
