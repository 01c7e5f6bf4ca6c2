// SPDX-License-Identifier: Apache-2.0
// What moves values and computes nothing. Threads: elements, unless said otherwise.
#pragma once

#include "engine/backend/cuda/device/place.h"
#include "synapses/softmax.h"

namespace axfire::AXFIRE_ISA {

using namespace axfire::device;

/// The events of a step at their places. Threads: any number, which share them.
struct FeedEvents {
    using Args = FeedArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        const u32* const begin = at(a.events->begin, a.steps + 1) + at.step.step;
        u32* const out = at(a.out, a.inputs);
        for (u32 e = begin[0] + at.element; e < begin[1]; e += gridDim.x * blockDim.x) {
            out[a.events->index[e]] = a.events->amplitude[e];
        }
    }
};

struct BeginSamples {
    using Args = BeginArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.count) {
            at(a.out, a.count)[at.element] = a.from[at.element];
        }
    }
};

struct MoveElements {
    using Args = MoveArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.count) {
            const u32 from = a.from[at.element];
            u32 value = a.fill;
            for (u32 p = 0; p < kMaxPorts && from != kAbsent; ++p) {
                if (p == a.port[at.element]) {
                    value = at(a.values[p], a.sizes[p])[from];
                }
            }
            at(a.out, a.count)[at.element] = value;
        }
    }
};

struct TakeIntoDelay {
    using Args = DelayArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.count) {
            u32* const ring = a.ring + static_cast<u64>(at.sample) * a.slots * padded(a.count);
            ring[static_cast<u64>(at.step.step % a.slots) * padded(a.count) + at.element] =
                at(a.values, a.count)[at.element];
        }
    }
};

struct EmitFromDelay {
    using Args = DelayArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.count) {
            const u32* const ring = a.ring + static_cast<u64>(at.sample) * a.slots * padded(a.count);
            const u32 t = at.step.step;
            const u32 delay = a.delay[at.element];
            at(a.out, a.count)[at.element] =
                t < delay ? kAbsent : ring[static_cast<u64>((t - delay) % a.slots) * padded(a.count) + at.element];
        }
    }
};

/// What did not arrive as +0.
struct TakeArrived {
    using Args = ArriveArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.count) {
            const u32 value = at(a.values, a.count)[at.element];
            at(a.out, a.count)[at.element] = value == kAbsent ? 0 : value;
        }
    }
};

struct MaxPoolImage {
    using Args = MaxPoolArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        const u32 outputs = a.pool.channels * a.pool.height_out * a.pool.width_out;
        if (at.element < outputs) {
            const u32* const x = at(a.values, a.pool.channels * a.pool.height_in * a.pool.width_in);
            const u32 best = largest_in_window(a.pool, x, at.element);
            at(a.out, outputs)[at.element] = best == kAbsent || x[best] == kAbsent ? 0 : x[best];
        }
    }
};

/// Of each window only the spikes of the input pass that has sent most, this step's included.
struct MaxPoolEvents {
    using Args = MaxPoolArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        const u32 outputs = a.pool.channels * a.pool.height_out * a.pool.width_out;
        if (at.element < outputs) {
            const u32 inputs = a.pool.channels * a.pool.height_in * a.pool.width_in;
            const u32 best = largest_in_window(a.pool, at(a.sent, inputs), at.element);
            at(a.out, outputs)[at.element] = best == kAbsent ? kAbsent : at(a.values, inputs)[best];
        }
    }
};

/// Threads: lines.
struct Softmax {
    using Args = SoftmaxArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.count / a.extent) {
            const u64 first = static_cast<u64>(at.element / a.stride) * a.extent * a.stride + at.element % a.stride;
            const u32* const x = at(a.values, a.count) + first;
            u32* const y = at(a.out, a.count) + first;
            for (u64 i = 0; i < a.extent; ++i) {
                y[i * a.stride] = x[i * a.stride] == kAbsent ? 0 : x[i * a.stride];
            }
            softmax_line(y, a.extent, a.stride);
            for (u64 i = 0; i < a.extent; ++i) {
                y[i * a.stride] = convert(a.format, a.rounding, y[i * a.stride]);
            }
        }
    }
};

/// Adds what the output gives in this step to a summed read-out.
struct ReadOut {
    using Args = ReadoutArgs;
    AXFIRE_FN static void run(const Args& a, const Place& at) {
        if (at.element < a.count) {
            const u32 given = at(a.values, a.count)[at.element];
            const u32 value = given == kAbsent ? 0 : given;
            u32& sum = at(a.readout, a.count)[at.element];
            sum = a.adds ? as_bits<u32>(as_float(sum) + as_float(value)) : value;
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
