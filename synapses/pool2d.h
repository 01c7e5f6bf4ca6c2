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
        const Add add(a.arithmetic.add);
        const Mul mul(a.arithmetic.mul);
        const u32 plane_in = a.height_in * a.width_in;
        const u32 plane_out = a.height_out * a.width_out;
        u32 reached = 0;
        a.operations = 0;
        a.products = 0;
        for (u32 e = 0; e < a.events.count; ++e) {
            const u32 index = a.events.index[e];
            const u32 c = index / plane_in;
            const u32 y = index % plane_in / a.width_in;
            const u32 x = index % a.width_in;
            const u32 amplitude = a.events.amplitude != nullptr ? a.events.amplitude[e] : kOneBits;
            for (u32 ty = a.rows.begin[y]; ty < a.rows.begin[y + 1]; ++ty) {
                for (u32 tx = a.columns.begin[x]; tx < a.columns.begin[x + 1]; ++tx) {
                    const u32 place = a.rows.taps[ty].o * a.width_out + a.columns.taps[tx].o;
                    u32& sum = a.sums[static_cast<u64>(c) * plane_out + place];
                    if (sum == kAbsent) {
                        sum = 0;
                        a.reached[reached++] = c * plane_out + place;
                    }
                    sum = add(sum, term(add, mul, amplitude, place));
                    ++a.operations;
                }
            }
        }
        for (u32 r = 0; r < reached; ++r) {
            a.sums[a.reached[r]] = Add::finish(a.sums[a.reached[r]]);
        }
        a.reached_count = reached;
    }

private:
    AXFIRE_FN u32 term(const Add& add, const Mul& mul, u32 amplitude, u32 place) const {
        if (amplitude == kOneBits && !(a.average && a.arithmetic.multiply_spikes)) {
            return a.factor_add[place];
        }
        if (!a.average) {
            return add.operand(amplitude);
        }
        ++a.products;
        return add.operand(mul(mul.operand(amplitude), a.factor_mul[place]));
    }
};

/// Dense: every element of the window, padded ones +0. Lanes run over the outputs.
template <class Add, class Mul>
struct Pool2dDense {
    Pool2dArgs& a;

    void operator()() const {
        const Add add(a.arithmetic.add);
        const Mul mul(a.arithmetic.mul);
        const u32 plane = a.height_out * a.width_out;
        const u32 outputs = a.channels * plane;
        for (u32 first = 0; first < outputs; first += kLanes) {
            Lanes factor{};
            for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
                factor[j] = a.factor_mul[(first + j) % plane];
            }
            Lanes sum{};
            for (u32 ky = 0; ky < a.kernel_h; ++ky) {
                for (u32 kx = 0; kx < a.kernel_w; ++kx) {
                    Lanes x{};
                    for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
                        x[j] = tap(first + j, ky, kx);
                    }
                    sum = a.average ? mac(add, mul, sum, mul.operand(x), factor) : add(sum, add.operand(x));
                }
            }
            sum = Add::finish(sum);
            for (u32 j = 0; j < kLanes && first + j < outputs; ++j) {
                a.sums[first + j] = sum[j];
            }
        }
        a.operations = static_cast<u64>(outputs) * a.kernel_h * a.kernel_w;
        a.products = a.average ? a.operations : 0;
    }

private:
    AXFIRE_FN u32 tap(u32 output, u32 ky, u32 kx) const {
        const u32 plane = a.height_out * a.width_out;
        const u32 c = output / plane;
        const u32 iy = output % plane / a.width_out * a.stride_h + ky - a.pad_h;  // wraps above the image
        const u32 ix = output % a.width_out * a.stride_w + kx - a.pad_w;
        if (iy >= a.height_in || ix >= a.width_in) {
            return 0;
        }
        const u32 value = a.values[(c * a.height_in + iy) * a.width_in + ix];
        return value == kAbsent ? 0 : value;
    }
};

}  // namespace axfire::AXFIRE_ISA
