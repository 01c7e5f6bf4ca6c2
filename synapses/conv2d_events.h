// SPDX-License-Identifier: Apache-2.0
// Convolutions of events on processors: sum = +0; then the events by ascending (C_in, K_h, K_w); then the bias.
#pragma once

#include "synapses/conv2d_gather.h"

namespace axfire::AXFIRE_ISA {

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
