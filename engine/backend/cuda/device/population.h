// SPDX-License-Identifier: Apache-2.0
// Populations as a device runs them. Threads: neurons.
#pragma once

#include "engine/backend/cuda/device/place.h"

namespace axfire::AXFIRE_ISA {

using namespace axfire::device;

/// What a neuron sends: an event where it fired. Returns 1 for one.
AXFIRE_FN u32 send_spike(u32 fired, u32* out, u32* spike_count, u32 n) {
    out[n] = fired != 0 ? kOneBits : kAbsent;
    spike_count[n] += fired & 1u;
    return fired & 1u;
}

template <class Model, class Add, class Mul>
struct Population {
    using Args = PopulationArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        NeuronArgs& a = args.neurons;
        u32 spikes = 0;
        if (at.element < a.neurons) {
            const u32 n = at.element;
            a.input = at(a.input, a.neurons);
            a.v = at(a.v, a.neurons);
            a.current = at(a.current, a.neurons);
            a.refractory = at(a.refractory, a.neurons);
            a.site = at.site(a.site);
            NeuronState<Lanes> before, after;
            const NeuronUpdate<Model, Add, Mul> update{a};
            const u32 fired =
                update.block(Add(a.add, update.a.site), Mul(a.mul, update.a.site), n, a.input[n], before, after);
            u32* const out = at(args.out, a.neurons);
            if constexpr (Model::kInfo.spiking) {
                spikes = send_spike(fired, out, at(args.spike_count, a.neurons), n);
            } else {
                out[n] = after.v;
            }
        }
        if constexpr (Model::kInfo.spiking) {
            count(args.counters[at.sample].spikes, spikes);
        }
    }
};

struct PassThreshold {
    using Args = ThresholdArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        u32 spikes = 0;
        if (at.element < a.count) {
            const u32 n = at.element;
            const u32 value = at(a.values, a.count)[n];
            const u32 fired = fires(a.fire, value == kAbsent ? 0u : value, a.threshold[n]);
            spikes = send_spike(fired, at(a.out, a.count), at(a.spike_count, a.count), n);
        }
        count(a.counters[at.sample].spikes, spikes);
    }
};

}  // namespace axfire::AXFIRE_ISA
