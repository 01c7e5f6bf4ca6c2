// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "neurons/activation.h"

namespace axfire {

/// Quantised clip, floor and shift: the activation that a spiking neuron has over a number of steps.
struct qcfs_model {
    static constexpr ModelInfo kInfo{
        "qcfs",
        "quantised clip-floor-shift",
        "v = theta / L min(max(floor(I L / theta + 1/2), 0), L)",
        "Bu et al., ICLR 2022",
        false,
        2,
        {{"theta", "", 1, true, false, "largest value, the threshold of the spiking neuron"},
         {"levels", "", 4, true, false, "L, number of levels above 0, at most 2^20"}},
        4,
        {{"inverse", ConstantUse::multiplier},
         {"half", ConstantUse::adder},
         {"levels", ConstantUse::adder},
         {"unit", ConstantUse::multiplier}},
        true};

    static void derive(const double* p, const Conventions&, double* c) {
        c[0] = p[1] / p[0];
        c[1] = 0.5;
        c[2] = p[1];
        c[3] = p[0] / p[1];
    }

    template <class U, class Ops>
    AXFIRE_FN static U update(const Ops& op, const Conventions&, const U* c, NeuronState<U>& s, const U& input,
                              const U& present) {
        const U x = arrived(input, present);
        const U scaled = op.scale(x, c[0]);
        const U level = clip(op.add(scaled, c[1]), U{}, c[2]);
        // Adding 2^23 rounds to a whole number, nearest; one too high is put right.
        const auto whole = (as_float(level) + 8388608.0f) - 8388608.0f;
        const U rounded = as_bits<U>(whole);
        const U floor = select(less(level, rounded), as_bits<U>(whole - 1.0f), rounded);
        s.v = select(is_nan(level), level, op.scale(floor | (level & kSignBit), c[3]));
        return U{};
    }
};

}  // namespace axfire
