// SPDX-License-Identifier: Apache-2.0
// Fully connected projections: sum_o = +0; then the inputs by ascending index; then the bias.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

template <bool kEvents, class Add, class Mul>
struct Linear {
    const LinearArgs a;

    void operator()() const {
        if constexpr (!kEvents && kHasOrdinary<Add, Mul>) {
            if (has_ordinary_factors<Add>(a.arithmetic.add, a.values, a.inputs, a.weights)) {
                return OrdinaryKernel<Kind, Add, Mul>{a}.cover();
            }
        }
        cover();
    }
    template <class A, class M>
    using Kind = Linear<kEvents, A, M>;

    void cover() const {
        const u32 last = a.last < a.stride ? a.last : a.stride;
        u32 o = a.first;
        for (; o + 4 * kLanes <= last; o += 4 * kLanes) {
            block_apart<4>(o);
        }
        for (; o < last; o += kLanes) {
            block_apart<1>(o);
        }
    }

    template <u32 B>
    __attribute__((noinline)) void block_apart(u32 o) const {
        block<B>(Units<Add, Mul>(a.arithmetic), o);
    }

    /// Outputs of B lane groups stay in registers while the inputs pass.
    template <u32 B>
    AXFIRE_FN void block(const Units<Add, Mul>& units, u32 o) const {
        Lanes output[B];
        for (u32 j = 0; j < B; ++j) {
            output[j] = lane_indices(o + j * kLanes);
        }
        auto sum = units.sum(output);
        if constexpr (kEvents) {
            for (u32 e = 0; e < a.events.count; ++e) {
                const u32 i = a.events.index[e];
                const u64 row = static_cast<u64>(i) * a.stride + o;
                const u32 amplitude = amplitude_of(a.events, e);
                sum.open(i);
                if (units.adds_weight(amplitude)) {
                    sum.take_each(i, [&](u32 j) { return load(a.weight_add + row + j * kLanes); });
                } else {
                    multiply(units, sum, splat<Lanes>(amplitude), i, row);
                }
            }
        } else {
            for (u32 i = 0; i < a.inputs; ++i) {
                sum.open(i);
                multiply(units, sum, splat<Lanes>(a.values[i] == kAbsent ? 0 : a.values[i]), i,
                         static_cast<u64>(i) * a.stride + o);
            }
        }
        sum.close();
        if constexpr (Watchful<Add>) {
            if (Add::went_astray(sum.reach)) {
                return CheckedKernel<Kind, Add, Mul>{a}.template block_apart<B>(o);
            }
        }
        Lanes totals[B];
        sum.bring_out(totals);
        for (u32 j = 0; j < B; ++j) {
            Lanes total = totals[j];
            if (a.bias != nullptr) {
                total = units.add_bias(total, load(a.bias + o + j * kLanes), output[j], a.inputs);
            }
            store(a.sums + o + j * kLanes, Add::finish(total));
        }
    }

private:
    template <u32 B>
    AXFIRE_FN void multiply(const Units<Add, Mul>& units, Sum<Lanes, B, Add>& sum, const Lanes& input, u32 i,
                            u64 row) const {
        const Lanes x = units.input(input, splat<Lanes>(i));
        sum.take_each(i, [&](u32 j) {
            return units.template term<true>(x, load(a.weight_mul + row + j * kLanes), sum.output[j], i);
        });
    }
};

}  // namespace axfire::AXFIRE_ISA
