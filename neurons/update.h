// SPDX-License-Identifier: Apache-2.0
// The kernel that brings one population of one sample a step further.
#pragma once

#include "arith/functors.h"
#include "neurons/membrane.h"
#include "neurons/model_list.h"  // generated from the files in models/

namespace axfire {

/// Raw views of a population; every array is padded to a multiple of 16 elements.
struct NeuronArgs {
    u32 neurons;
    const u32* input;  ///< [neurons] or nullptr where no input arrived; kAbsent for a single one
    const u32* constants[kMaxModelConstants];  ///< [neurons] each, in the model's order
    u32* v;                                    ///< [neurons]
    u32* current;                              ///< [neurons]; nullptr if the model has none
    u32* refractory;                           ///< [neurons]; nullptr if the model has none
    u32* fired;                                ///< [neurons / 32], bit i % 32 of word i / 32: neuron i fired
    unsigned char*
        quiet;      ///< [neurons / 4] or nullptr: not 0 for lane groups that a step without input leaves as they are
    bool* at_rest;  ///< out: all lane groups are quiet
    Conventions how;
    AdderSpec add;
    MultiplierSpec mul;
    RandomSite site;  ///< of stochastic roundings
};

namespace AXFIRE_ISA {

template <class Model, class Add, class Mul>
struct NeuronUpdate {
    const NeuronArgs a;

    AXFIRE_FN void operator()() const {
        const Add add(a.add, a.site);
        const Mul mul(a.mul, a.site);
        const Lanes absent = splat<Lanes>(kAbsent);
        bool at_rest = a.quiet != nullptr;
        for (u32 n = 0; n < a.neurons; n += kLanes) {
            const Lanes input = a.input != nullptr ? load(a.input + n) : absent;
            const bool arrived = any(~eq(input, absent));
            if (a.quiet != nullptr && a.quiet[n / kLanes] != 0 && !arrived) {
                if (Model::kInfo.spiking && n % 32 == 0) {
                    a.fired[n / 32] = 0;
                }
                continue;
            }
            NeuronState<Lanes> before, s;
            const Lanes fired = block(add, mul, n, input, before, s);
            if (a.quiet != nullptr) {
                const Lanes changed =
                    (s.v ^ before.v) | (s.current ^ before.current) | (s.refractory ^ before.refractory);
                const bool quiet = !arrived && !any(changed | fired);
                a.quiet[n / kLanes] = quiet;
                at_rest = at_rest && quiet;
            }
            if (Model::kInfo.spiking) {
                const u32 shift = n % 32;
                const u32 word = shift == 0 ? 0 : a.fired[n / 32];
                a.fired[n / 32] = word | sign_bits(fired) << shift;
            }
        }
        *a.at_rest = at_rest;
    }

    /// The lane group from neuron n on, its state `before` and after. Returns which of them fired.
    AXFIRE_FN Lanes block(const Add& add, const Mul& mul, u32 n, const Lanes& input, NeuronState<Lanes>& before,
                          NeuronState<Lanes>& s) const {
        before = {load(a.v + n), a.current != nullptr ? load(a.current + n) : Lanes{},
                  a.refractory != nullptr ? load(a.refractory + n) : Lanes{}};
        s = before;
        Lanes c[kMaxModelConstants];
        for (u32 i = 0; i < Model::kInfo.constant_count; ++i) {
            c[i] = load(a.constants[i] + n);
        }
        const NeuronOps<Lanes, Add, Mul> op{add, mul, a.site, lane_indices(n)};
        const Lanes fired = Model::update(op, a.how, c, s, input, ~eq(input, splat<Lanes>(kAbsent)));
        store(a.v + n, s.v);
        if (a.current != nullptr) {
            store(a.current + n, s.current);
        }
        if (a.refractory != nullptr) {
            store(a.refractory + n, s.refractory);
        }
        return fired;
    }
};

}  // namespace AXFIRE_ISA

}  // namespace axfire
