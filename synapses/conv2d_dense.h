// SPDX-License-Identifier: Apache-2.0
// Dense convolutions: sum = +0; then (C_in, K_h, K_w) ascending; then the bias.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

/// Every tap is a multiply-accumulate, padded ones with +0. Sums of several places of the image and several channels
/// stay in registers while the taps pass. Lanes run over the output channels or, where they are few (a depthwise
/// convolution), along the rows of the image.
template <class Add, class Mul>
struct Conv2dDense {
    Conv2dArgs& a;

    void operator()() const {
        if constexpr (kHasOrdinary<Add, Mul>) {
            const u32 inputs = a.channels_in * a.height_in * a.width_in;
            if (has_ordinary_factors<Add>(a.arithmetic.add, a.values, inputs, a.weights)) {
                return OrdinaryKernel<axfire::AXFIRE_ISA::Conv2dDense, Add, Mul>{a}.convolve();
            }
        }
        convolve();
    }

    void convolve() const {
        const Units<Add, Mul> units(a.arithmetic);
        const u32 last_row = a.last_row < a.height_out ? a.last_row : a.height_out;
        bring_inputs(units, last_row);
        for (u32 group = 0; group < a.groups; ++group) {
            if (a.lanes_along_rows) {
                const u32 chunks = row_chunks();
                cover<true>(group, a.channels_out / a.groups, a.first_row * chunks, last_row * chunks);
            } else {
                cover<false>(group, a.group_stride / kLanes, a.first_row * a.width_out, last_row * a.width_out);
            }
        }
        const u64 taps = static_cast<u64>(a.channels_in / a.groups) * a.kernel_h * a.kernel_w;
        a.operations = taps * a.channels_out * (last_row - a.first_row) * a.width_out;
        a.products = a.operations;
    }

    /// Lane groups of a row of outputs.
    AXFIRE_FN u32 row_chunks() const { return (a.width_out + kLanes - 1) / kLanes; }

    /// Elements from `index` = (c, y, x) on, of one row, as the multiplier takes them, put into a.plane:
    /// [C_in][padded rows][columns' remainder by the stride][columns / stride], so that what neighbouring outputs take
    /// lies side by side.
    AXFIRE_FN void bring(const Units<Add, Mul>& units, u32 index, u32 c, u32 y, u32 x) const {
        u32* const row = a.plane + (c * a.plane_h + y + a.pad_h) * a.plane_w;
        const u32 count = a.width_in - x < kLanes ? a.width_in - x : kLanes;
        Lanes given{};
        memcpy(&given, a.values + index, sizeof(u32) * count);
        const Lanes value = select(eq(given, splat<Lanes>(kAbsent)), Lanes{}, given);
        const Lanes in = units.input(value, lane_indices(index));
        if (a.stride_w == 1 && count == kLanes) {
            store(row + x + a.pad_w, in);
        } else {
            for (u32 i = 0; i < count; ++i) {
                row[a.place[x + i + a.pad_w]] = lane(in, i);
            }
        }
    }

    template <bool kAlong, u32 P, u32 B>
    __attribute__((noinline)) void block_apart(u32 group, u32 o, u32 first, u32 rows) const {
        block<kAlong, P, B>(Units<Add, Mul>(a.arithmetic), group, o, first, rows);
    }

    /// Sums of P places by B columns from place `first` and column o on. Places from `rows` on repeat the last one.
    template <bool kAlong, u32 P, u32 B>
    AXFIRE_FN void block(const Units<Add, Mul>& units, u32 group, u32 o, u32 first, u32 rows) const {
        const u32 group_in = a.channels_in / a.groups;
        const u32 group_out = a.channels_out / a.groups;
        const u32 pixels = a.height_out * a.width_out;
        const u32* in[P];
        u32 pixel[P];
        for (u32 p = 0; p < P; ++p) {
            const u32 at = first + p < rows ? first + p : rows - 1;
            const u32 y = kAlong ? at / row_chunks() : at / a.width_out;
            const u32 x = kAlong ? at % row_chunks() * kLanes : at % a.width_out;
            pixel[p] = y * a.width_out + x;
            in[p] = a.plane + (static_cast<u64>(group) * group_in * a.plane_h + y * a.stride_h) * a.plane_w + x;
        }
        Lanes output[P * B];
        for (u32 p = 0; p < P; ++p) {
            for (u32 j = 0; j < B; ++j) {
                output[p * B + j] = kAlong ? lane_indices((group * group_out + o + j) * pixels + pixel[p])
                                           : (lane_indices((o + j) * kLanes) + group * group_out) * pixels + pixel[p];
            }
        }
        auto sum = units.sum(output);
        const u32 step = kAlong ? 1 : kLanes;
        const u32* weights =
            a.weight_mul + static_cast<u64>(group) * group_in * a.kernel_h * a.kernel_w * a.group_stride;
        weights += o * step;
        const auto column = [&](const u32* at) { return kAlong ? splat<Lanes>(*at) : load(at); };
        u32 index = 0;
        for (u32 c = 0; c < group_in; ++c) {
            for (u32 ky = 0; ky < a.kernel_h; ++ky) {
                const u64 row = (static_cast<u64>(c) * a.plane_h + ky * a.dilation_h) * a.plane_w;
                for (u32 kx = 0; kx < a.kernel_w; ++kx, weights += a.group_stride, ++index) {
                    const u64 tap = row + a.place[kx * a.dilation_w];
                    Lanes weight[B];
                    for (u32 j = 0; j < B; ++j) {
                        weight[j] = column(weights + j * step);
                    }
                    sum.open(index);
                    sum.take_each(index, [&](u32 s) {
                        const u32* const at = in[s / B] + tap;
                        const Lanes x = kAlong ? load(at) : splat<Lanes>(*at);
                        return units.template term<!kAlong>(x, weight[s % B], output[s], index);
                    });
                }
            }
        }
        sum.close();
        if constexpr (Watchful<Add>) {
            if (Add::went_astray(sum.reach)) {
                return CheckedKernel<axfire::AXFIRE_ISA::Conv2dDense, Add, Mul>{a}.template block_apart<kAlong, P, B>(
                    group, o, first, rows);
            }
        }
        Lanes totals[P * B];
        sum.bring_out(totals);
        for (u32 p = 0; p < P && first + p < rows; ++p) {
            for (u32 j = 0; j < B; ++j) {
                Lanes total = totals[p * B + j];
                if (a.bias != nullptr) {
                    const Lanes bias = column(a.bias + group * a.group_stride + (o + j) * step);
                    total = units.add_bias(total, bias, output[p * B + j], index);
                }
                total = Add::finish(total);
                if constexpr (kAlong) {
                    const u32 rest = a.width_out - pixel[p] % a.width_out;
                    u32* const out = a.sums + static_cast<u64>(group * group_out + o + j) * pixels + pixel[p];
                    memcpy(out, &total, sizeof(u32) * (rest < kLanes ? rest : kLanes));
                } else {
                    u32* const out = a.sums + static_cast<u64>(group) * group_out * pixels + pixel[p];
                    const u32 channel = (o + j) * kLanes;
                    for (u32 i = 0; i < kLanes && channel + i < group_out; ++i) {
                        out[static_cast<u64>(channel + i) * pixels] = lane(total, i);
                    }
                }
            }
        }
    }

private:
    /// The image, within its padding. Rows that no output takes are left out.
    AXFIRE_FN void bring_inputs(const Units<Add, Mul>& units, u32 last_row) const {
        const u32 begin = a.first_row * a.stride_h;  // of the padded rows
        const u32 end = (last_row - 1) * a.stride_h + (a.kernel_h - 1) * a.dilation_h + 1;
        const u32 first_y = begin < a.pad_h ? 0 : begin - a.pad_h;
        const u32 last_y = end < a.pad_h ? 0 : end - a.pad_h < a.height_in ? end - a.pad_h : a.height_in;
        for (u32 c = 0; c < a.channels_in; ++c) {
            u32 index = (c * a.height_in + first_y) * a.width_in;
            for (u32 y = first_y; y < last_y; ++y) {
                for (u32 x = 0; x < a.width_in; x += kLanes) {
                    bring(units, index + x, c, y, x);
                }
                index += a.width_in;
            }
        }
    }
    /// `columns` channels, or lane groups of channels, by the places, or lane groups of places, from `first` to `rows`.
    template <bool kAlong>
    AXFIRE_FN void cover(u32 group, u32 columns, u32 first, u32 rows) const {
        u32 o = 0;
        for (; o + 2 <= columns; o += 2) {
            for (u32 p = first; p < rows; p += 4) {
                block_apart<kAlong, 4, 2>(group, o, p, rows);
            }
        }
        for (; o < columns; ++o) {
            for (u32 p = first; p < rows; p += 8) {
                block_apart<kAlong, 8, 1>(group, o, p, rows);
            }
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
