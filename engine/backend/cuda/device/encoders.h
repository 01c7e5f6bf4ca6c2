// SPDX-License-Identifier: Apache-2.0
// Encoders as a device runs them. Threads: inputs.
#pragma once

#include "arith/philox.h"
#include "engine/backend/cuda/device/place.h"

namespace axfire::AXFIRE_ISA {

using namespace axfire::device;

/// The spikes of datasets/encoders/poisson.cpp: number step * inputs + i of the sample's subsequence decides on input
/// i.
struct DrawPoisson {
    using Args = PoissonArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.inputs) {
            const u64 n = static_cast<u64>(at.step.step) * a.inputs + at.element;
            const u64 sample = static_cast<u64>(at.step.first_sample) + at.sample;
            const float drawn = philox_uniform(philox_word(a.seed, sample, n));
            const bool fires = drawn <= at(a.probability, a.inputs)[at.element];
            at(a.out, a.inputs)[at.element] = fires ? kOneBits : kAbsent;
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
