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
            if (sum.started) {
                sum.close();
                a.sums[o] = Add::finish(sum.value[0]);
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
            Lanes factor{};
            for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
                factor[j] = a.factor_mul[(first + j) % plane];
            }
            const Lanes output[1] = {lane_indices(first)};
            auto sum = units.sum(output);
            for (u32 k = 0; k < a.kernel_h * a.kernel_w; ++k) {
                Lanes x{};
                Lanes source{};
                for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
                    source[j] = tap(first + j, k / a.kernel_w, k % a.kernel_w);
                    const bool given = source[j] != kAbsent && a.values[source[j]] != kAbsent;
                    x[j] = given ? a.values[source[j]] : 0;
                }
                sum.open(k);
                const Draw<Lanes> draw{a.arithmetic.site, output[0], k, Role::term};
                sum.take(
                    0, k,
                    a.average ? units.term(units.input(x, source), factor, output[0], k) : units.add.operand(x, draw));
            }
            sum.close();
            const Lanes total = Add::finish(sum.value[0]);
            for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
                a.sums[first + j] = total[j];
            }
        }
        a.operations = static_cast<u64>(outputs) * a.kernel_h * a.kernel_w;
        a.products = a.average ? a.operations : 0;
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
