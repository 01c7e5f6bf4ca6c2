// SPDX-License-Identifier: Apache-2.0
// Sum and average pooling: sum = +0; then the window row by row. Average pooling is a synapse of weight 1/n.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

/// Event-driven. A plain spike adds 1 (or 1/n); another amplitude adds itself (or its product with 1/n).
template <class Add, class Mul>
struct Pool2dEvents {
    Pool2dArgs& a;

    void operator()() const {
        const Units<Add, Mul> units(a.arithmetic);
        a.operations = 0;
        a.products = 0;
        a.reached_count = 0;
        if (units.add.order() == Order::sequential) {
            scatter(units);
        } else {
            gather(units);
        }
    }

    /// The sum of the events under the window of output o; kAbsent where there is none.
    AXFIRE_FN u32 collect(const Units<Add, Mul>& units, u32 o) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 output[1] = {o};
        auto sum = units.sum(output);
        for (u32 k = 0; k < a.kernel_h * a.kernel_w; ++k) {
            // Wraps to large numbers above and left of the image.
            const u32 iy = o % plane / a.width_out * a.stride_h + k / a.kernel_w * a.dilation_h - a.pad_h;
            const u32 ix = o % a.width_out * a.stride_w + k % a.kernel_w * a.dilation_w - a.pad_w;
            if (iy >= a.height_in || ix >= a.width_in) {
                continue;
            }
            const u32 source = (o / plane * a.height_in + iy) * a.width_in + ix;
            const u32 amplitude = a.values[source];
            if (amplitude != kAbsent) {
                sum.open(k);
                sum.take(0, k, term(units, amplitude, source, o, k));
                ++a.operations;
            }
        }
        sum.close();
        return sum.started ? Add::finish(sum.value[0]) : kAbsent;
    }

private:
    AXFIRE_FN void scatter(const Units<Add, Mul>& units) const {
        const u32 plane_in = a.height_in * a.width_in;
        const u32 plane_out = a.height_out * a.width_out;
        for (u32 e = 0; e < a.events.count; ++e) {
            const u32 index = a.events.index[e];
            const u32 c = index / plane_in;
            const u32 y = index % plane_in / a.width_in;
            const u32 x = index % a.width_in;
            for (u32 ty = a.rows.begin[y]; ty < a.rows.begin[y + 1]; ++ty) {
                const Tap row = a.rows.taps[ty];
                for (u32 tx = a.columns.begin[x]; tx < a.columns.begin[x + 1]; ++tx) {
                    const Tap column = a.columns.taps[tx];
                    const u32 place = row.o * a.width_out + column.o;
                    const u32 output = c * plane_out + place;
                    const u32 operand = row.k * a.kernel_w + column.k;
                    u32& sum = a.sums[output];
                    if (sum == kAbsent) {
                        sum = 0;
                        a.reached[a.reached_count++] = output;
                    }
                    sum = units.add(sum, term(units, amplitude_of(a.events, e), index, output, operand),
                                    Draw<u32>{a.arithmetic.site, output, operand, Role::sum});
                    ++a.operations;
                }
            }
        }
        for (u32 r = 0; r < a.reached_count; ++r) {
            a.sums[a.reached[r]] = Add::finish(a.sums[a.reached[r]]);
        }
    }

    AXFIRE_FN void gather(const Units<Add, Mul>& units) const {
        const u32 plane = a.height_out * a.width_out;
        for (u32 o = 0; o < a.channels * plane; ++o) {
            const u32 sum = collect(units, o);
            if (sum != kAbsent) {
                a.sums[o] = sum;
                a.reached[a.reached_count++] = o;
            }
        }
    }

    AXFIRE_FN u32 term(const Units<Add, Mul>& units, u32 amplitude, u32 source, u32 output, u32 operand) const {
        const u32 place = output % (a.height_out * a.width_out);
        if (a.average ? units.adds_weight(amplitude) : amplitude == kOneBits) {
            return a.factor_add[place];
        }
        if (!a.average) {
            return units.add.operand(amplitude, Draw<u32>{a.arithmetic.site, output, operand, Role::term});
        }
        ++a.products;
        return units.term(units.input(amplitude, source), a.factor_mul[place], output, operand);
    }
};

/// Dense: every element of the window, padded ones +0. Lanes run over the outputs.
template <class Add, class Mul>
struct Pool2dDense {
    Pool2dArgs& a;

    void operator()() const {
        const Units<Add, Mul> units(a.arithmetic);
        const u32 plane = a.height_out * a.width_out;
        const u32 outputs = a.channels * plane;
        for (u32 first = 0; first < outputs; first += kLanes) {
            block(units, first, outputs);
        }
        a.operations = static_cast<u64>(outputs) * a.kernel_h * a.kernel_w;
        a.products = a.average ? a.operations : 0;
    }

    /// A lane group of sums, of `outputs` in all.
    AXFIRE_FN void block(const Units<Add, Mul>& units, u32 first, u32 outputs) const {
        const u32 plane = a.height_out * a.width_out;
        Lanes factor{};
        for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
            set_lane(factor, j, a.factor_mul[(first + j) % plane]);
        }
        const Lanes output[1] = {lane_indices(first)};
        auto sum = units.sum(output);
        for (u32 k = 0; k < a.kernel_h * a.kernel_w; ++k) {
            Lanes x{};
            Lanes source{};
            for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
                const u32 at = tap(first + j, k / a.kernel_w, k % a.kernel_w);
                set_lane(source, j, at);
                set_lane(x, j, at != kAbsent && a.values[at] != kAbsent ? a.values[at] : 0);
            }
            sum.open(k);
            const Draw<Lanes> draw{a.arithmetic.site, output[0], k, Role::term};
            sum.take(0, k,
                     a.average ? units.term(units.input(x, source), factor, output[0], k) : units.add.operand(x, draw));
        }
        sum.close();
        const Lanes total = Add::finish(sum.value[0]);
        for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
            a.sums[first + j] = lane(total, j);
        }
    }

private:
    /// Index of the input under kernel row ky and column kx of an output; kAbsent in the padding.
    AXFIRE_FN u32 tap(u32 output, u32 ky, u32 kx) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 c = output / plane;
        const u32 iy =
            output % plane / a.width_out * a.stride_h + ky * a.dilation_h - a.pad_h;  // wraps above the image
        const u32 ix = output % a.width_out * a.stride_w + kx * a.dilation_w - a.pad_w;
        return iy < a.height_in && ix < a.width_in ? (c * a.height_in + iy) * a.width_in + ix : kAbsent;
    }
};

}  // namespace axfire::AXFIRE_ISA
