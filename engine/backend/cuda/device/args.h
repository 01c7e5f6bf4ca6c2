// SPDX-License-Identifier: Apache-2.0
// What the kernels of a device are given: plain structs that host and device lay out alike. Every array is that of the
// first sample; those of the others follow, each padded() long. A signal has one value for each element, kAbsent where
// nothing was sent; an event is its amplitude.
#pragma once

#include "neurons/update.h"
#include "synapses/maxpool2d.h"
#include "synapses/views.h"

namespace axfire::device {

/// What every kernel finds beside its arguments, in memory, so that a launch is the same in every step.
struct Step {
    u32 first_sample;  ///< number in the data set of the first sample of the batch
    u32 step;
};

/// The operations counted for a node and a sample.
struct Counters {
    u64 spikes;
    u64 operations;
    u64 products;
};

/// The events of all samples and steps of a batch.
struct EventArrays {
    const u32* begin;  ///< [steps + 1]: where the steps of the sample begin
    const u32* index;
    const u32* amplitude;
};

struct FeedArgs {
    u32 inputs;
    u32 steps;
    const EventArrays* events;  ///< one; they change with the batch
    u32* out;                   ///< [inputs], kAbsent everywhere before
};

/// Bernoulli spikes of a step.
struct PoissonArgs {
    u32 inputs;
    u64 seed;
    const float* probability;  ///< [inputs]
    u32* out;                  ///< [inputs]
};

inline constexpr u32 kCompactThreads = 256;  ///< in its block
struct CompactArgs {
    u32 inputs;
    u32 outputs;        ///< that each event reaches
    const u32* values;  ///< [inputs]
    u32* index;         ///< out: [inputs]
    u32* amplitude;     ///< out: [inputs]
    u32* count;         ///< out: one, padded like the rest
    bool multiply_spikes;
    Counters* counters;
};

struct LinearEventsArgs {
    LinearArgs linear;
    const u32* index;
    const u32* amplitude;
    const u32* count;
    const u32* bias_only;  ///< [outputs]: the sums where no event arrived; nullptr: absent ones
};

struct ConvolutionArgs {
    Conv2dArgs conv;
    Counters* counters;
};

struct PoolArgs {
    Pool2dArgs pool;
    bool emits_events;  ///< a sum of 0 is no event
    Counters* counters;
};

struct SumArgs {
    ElementwiseArgs sum;
    bool constant;  ///< b is one for all samples; where a is absent so is `otherwise`, a constant too
    const u32* otherwise;
    Counters* counters;
};

struct ProductArgs {
    ElementwiseArgs product;
    bool constant;      ///< b is one for all samples
    const u32* expand;  ///< [count]: which element of b; nullptr: the same
    u32 count_b;
    const u32* plain;  ///< [count]: what a spike of amplitude 1 becomes; nullptr: its product
    Counters* counters;
};

struct PopulationArgs {
    NeuronArgs neurons;
    u32* out;
    u32* spike_count;  ///< nullptr for models that do not spike
    Counters* counters;
};

struct ThresholdArgs {
    u32 count;
    Fire fire;
    const u32* threshold;  ///< one for all samples
    const u32* values;
    u32* out;
    u32* spike_count;
    Counters* counters;
};

/// out[i] = values[port[i]][from[i]], or `fill` where from[i] is kAbsent.
inline constexpr u32 kMaxPorts = 16;
struct MoveArgs {
    u32 count;
    const u32* from;  ///< one for all samples
    const u32* port;
    const u32* values[kMaxPorts];
    u32 sizes[kMaxPorts];
    u32 fill;
    u32* out;
};

struct MaxPoolArgs {
    MaxPool2dArgs pool;
    const u32* values;
    u32* sent;  ///< events: what each input has sent so far
    u32* out;
};

struct SoftmaxArgs {
    u32 count;
    u32 extent;
    u32 stride;
    Format format;
    Rounding rounding;
    const u32* values;
    u32* out;
};

struct ArriveArgs {
    u32 count;
    const u32* values;
    u32* out;
};

/// Local response normalisation: the power of each channel's sum.
struct LrnArgs {
    ElementwiseArgs sum;  ///< count and arithmetic
    u32 channels;
    u32 before, after;  ///< channels that count
    u32 exponent;
    const u32* bias;  ///< [count / channels], one for all samples
    const u32* term;
    u32* power;
};

struct DelayArgs {
    u32 count;
    u32 slots;
    const u32* delay;   ///< in steps, one for all samples
    const u32* values;  ///< what arrives
    u32* ring;          ///< [slots][padded count] for each sample
    u32* out;
};

/// What the output gives in a step, for the prediction.
struct ReadoutArgs {
    u32 count;
    bool adds;  ///< sums are formed over the steps; else the last value counts
    const u32* values;
    u32* readout;  ///< binary32
};

/// The first value of every sample from one for all, or from a value.
struct BeginArgs {
    u32 count;
    const u32* from;
    u32* out;
};

}  // namespace axfire::device
