// SPDX-License-Identifier: Apache-2.0
// One step of a population, neuron after neuron: Euler, unit gain, resting potential and reset at 0, a spike above the
// threshold.
#pragma once

#include "engine/bench/scalar/arithmetic.h"

namespace axfire::scalar {

struct Population {
    Arithmetic arithmetic;
    int count;
    float threshold;
    float decay;          ///< dt / tau_mem
    float synapse_decay;  ///< 1 - dt / tau_syn
    float synapse_gain;   ///< dt / tau_syn
    const float* input;   ///< in the format of the first operation
    float* v;
    float* current;
    float* spikes;  ///< of each neuron so far
};

inline void fire(Population& p, int i) {
    if (p.v[i] > p.threshold) {
        p.v[i] = 0;
        p.spikes[i] += 1;
    }
}

/// v + (drive - v) dt/tau
inline float leaky(const Population& p, float v, float drive) {
    const Arithmetic& u = p.arithmetic;
    return plus(u, v, times(u, factor(u, plus(u, -v, drive)), p.decay));
}

inline void step_if(Population& p) {
    for (int i = 0; i < p.count; ++i) {
        p.v[i] = plus(p.arithmetic, p.v[i], p.input[i]);
        fire(p, i);
    }
}

inline void step_lif(Population& p) {
    for (int i = 0; i < p.count; ++i) {
        p.v[i] = leaky(p, p.v[i], p.input[i]);
        fire(p, i);
    }
}

/// The membrane takes the current of the step before.
inline void step_cubalif(Population& p) {
    const Arithmetic& u = p.arithmetic;
    for (int i = 0; i < p.count; ++i) {
        p.v[i] = leaky(p, p.v[i], p.current[i]);
        const float decayed = times(u, factor(u, p.current[i]), p.synapse_decay);
        p.current[i] = plus(u, decayed, times(u, p.input[i], p.synapse_gain));
        fire(p, i);
    }
}

}  // namespace axfire::scalar
