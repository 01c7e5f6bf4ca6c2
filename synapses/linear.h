// SPDX-License-Identifier: Apache-2.0
// Fully connected projections: sum_o = +0; then the inputs by ascending index; then the bias.
#pragma once

#include "synapses/accumulate.h"

namespace axfire::AXFIRE_ISA {

/// Outputs of B lane groups stay in registers while the inputs pass.
template <u32 B, class Add, class Mul>
struct LinearBlock {
    const LinearArgs& a;
    const Add& add;
    const Mul& mul;

    AXFIRE_FN void finish(Lanes (&sum)[B], u32 o) const {
        for (u32 j = 0; j < B; ++j) {
            if (a.bias != nullptr) {
                sum[j] = add(sum[j], load(a.bias + o + j * kLanes));
            }
            store(a.sums + o + j * kLanes, Add::finish(sum[j]));
        }
    }

    AXFIRE_FN void events(u32 o) const {
        Lanes sum[B] = {};
        for (u32 e = 0; e < a.events.count; ++e) {
            const u64 row = static_cast<u64>(a.events.index[e]) * a.stride + o;
            const EventTerm term = event_term(mul, a.arithmetic, a.events, e);
            for (u32 j = 0; j < B; ++j) {
                if (term.multiplies) {
                    sum[j] = mac(add, mul, sum[j], term.amplitude, load(a.weight_mul + row + j * kLanes));
                } else {
                    sum[j] = add(sum[j], load(a.weight_add + row + j * kLanes));
                }
            }
        }
        finish(sum, o);
    }

    AXFIRE_FN void dense(u32 o) const {
        Lanes sum[B] = {};
        for (u32 i = 0; i < a.inputs; ++i) {
            const u64 row = static_cast<u64>(i) * a.stride + o;
            const Lanes x = mul.operand(splat<Lanes>(a.values[i] == kAbsent ? 0 : a.values[i]));
            for (u32 j = 0; j < B; ++j) {
                sum[j] = mac(add, mul, sum[j], x, load(a.weight_mul + row + j * kLanes));
            }
        }
        finish(sum, o);
    }
};

template <bool kEvents, class Add, class Mul>
struct Linear {
    const LinearArgs& a;

    void operator()() const {
        const Add add(a.arithmetic.add);
        const Mul mul(a.arithmetic.mul);
        u32 o = 0;
        for (; o + 4 * kLanes <= a.stride; o += 4 * kLanes) {
            block<4>(add, mul, o);
        }
        for (; o < a.stride; o += kLanes) {
            block<1>(add, mul, o);
        }
    }

private:
    template <u32 B>
    AXFIRE_FN void block(const Add& add, const Mul& mul, u32 o) const {
        const LinearBlock<B, Add, Mul> b{a, add, mul};
        if constexpr (kEvents) {
            b.events(o);
        } else {
            b.dense(o);
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
