// SPDX-License-Identifier: Apache-2.0
// The projections as a device runs them: the functors of synapses/, one lane group of one element for each thread.
#pragma once

#include "arith/elementary.h"
#include "engine/backend/cuda/device/place.h"
#include "synapses/conv2d_dense.h"
#include "synapses/conv2d_gather.h"
#include "synapses/elementwise.h"
#include "synapses/linear.h"
#include "synapses/pool2d.h"

namespace axfire::AXFIRE_ISA {

using namespace axfire::device;

/// Threads: outputs.
template <class Add, class Mul>
struct LinearDense {
    using Args = LinearArgs;
    AXFIRE_FN static void run(Args a, const Place& at) {
        if (at.element < a.outputs) {
            a.values = at(a.values, a.inputs);
            a.sums = at(a.sums, a.outputs);
            a.arithmetic.site = at.site(a.arithmetic.site);
            const Linear<false, Add, Mul> linear{a};
            linear.template block<1>(Units<Add, Mul>(linear.a.arithmetic), at.element);
        }
    }
};

/// The events of a signal by ascending index. One block of kCompactThreads threads for each sample.
struct CompactEvents {
    using Args = CompactArgs;
    AXFIRE_FN static void run(Args a, const Place& at) {
        __shared__ u32 of_warp[32];
        a.values = at(a.values, a.inputs);
        a.index = at(a.index, a.inputs);
        a.amplitude = at(a.amplitude, a.inputs);
        const u32 lane_of_warp = threadIdx.x % 32;
        const u32 warp = threadIdx.x / 32;
        u32 done = 0;
        u32 graded = 0;
        for (u32 first = 0; first < a.inputs; first += blockDim.x) {
            const u32 i = first + threadIdx.x;
            const u32 value = i < a.inputs ? a.values[i] : kAbsent;
            const u32 present = __ballot_sync(~0u, value != kAbsent);
            if (lane_of_warp == 0) {
                of_warp[warp] = static_cast<u32>(__popc(present));
            }
            __syncthreads();
            u32 before = done + static_cast<u32>(__popc(present & ((1u << lane_of_warp) - 1)));
            for (u32 w = 0; w < blockDim.x / 32; ++w) {
                before += w < warp ? of_warp[w] : 0;
                done += of_warp[w];
            }
            if (value != kAbsent) {
                a.index[before] = i;
                a.amplitude[before] = value;
                graded += value != kOneBits || a.multiply_spikes;
            }
            __syncthreads();
        }
        Counters& counters = a.counters[at.sample];
        count(counters.products, graded * a.outputs);
        if (threadIdx.x == 0) {
            *at(a.count, 1) = done;
            counters.operations += static_cast<u64>(done) * a.outputs;
        }
    }
};

/// Threads: outputs. Behind CompactEvents.
template <class Add, class Mul>
struct LinearEvents {
    using Args = LinearEventsArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        LinearArgs& a = args.linear;
        if (at.element >= a.outputs) {
            return;
        }
        a.events = {at(args.index, a.inputs), at(args.amplitude, a.inputs), *at(args.count, 1)};
        a.sums = at(a.sums, a.outputs);
        a.arithmetic.site = at.site(a.arithmetic.site);
        if (a.events.count == 0) {
            a.sums[at.element] = args.bias_only != nullptr ? args.bias_only[at.element] : kAbsent;
            return;
        }
        const Linear<true, Add, Mul> linear{a};
        linear.template block<1>(Units<Add, Mul>(linear.a.arithmetic), at.element);
    }
};

AXFIRE_FN void move_to_sample(Conv2dArgs& a, const Place& at) {
    a.values = at(a.values, a.channels_in * a.height_in * a.width_in);
    a.plane = at(a.plane, a.channels_in * a.plane_h * a.plane_w + kPad);
    a.sums = at(a.sums, a.channels_out * a.height_out * a.width_out);
    a.arithmetic.site = at.site(a.arithmetic.site);
}

/// The image as the multiplier takes it, with its padding. Threads: inputs.
template <class Add, class Mul>
struct BringImage {
    using Args = ConvolutionArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        Conv2dArgs& a = args.conv;
        if (at.element < a.channels_in * a.height_in * a.width_in) {
            move_to_sample(a, at);
            const u32 row = at.element / a.width_in;
            Conv2dDense<Add, Mul>{a}.bring(Units<Add, Mul>(a.arithmetic), at.element, row / a.height_in,
                                           row % a.height_in, at.element % a.width_in);
        }
    }
};

/// Threads: groups of P places, by channels. Channels lie side by side among the threads, so that a warp reads weights
/// in a row and shares what it reads of the image.
template <u32 P, class Add, class Mul>
struct ConvolveImage {
    using Args = ConvolutionArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        Conv2dArgs& a = args.conv;
        const u32 places = a.height_out * a.width_out;
        const u32 channel = at.element % a.channels_out;
        const u32 first = at.element / a.channels_out * P;
        if (first < places) {
            move_to_sample(a, at);
            const u32 group_out = a.channels_out / a.groups;
            Conv2dDense<Add, Mul>{a}.template block<false, P, 1>(Units<Add, Mul>(a.arithmetic), channel / group_out,
                                                                 channel % group_out, first, places);
        }
    }
};

/// Threads: places by groups of B channels, channels side by side. Looking for events takes most of the time; B sums
/// share it.
template <u32 B, class Add, class Mul>
struct ConvolveEvents {
    using Args = ConvolutionArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        Conv2dArgs& a = args.conv;
        const u32 places = a.height_out * a.width_out;
        const u32 group_out = a.channels_out / a.groups;
        const u32 columns = (group_out + B - 1) / B;  // of a group
        const u32 column = at.element % (a.groups * columns);
        const u32 pixel = at.element / (a.groups * columns);
        a.operations = 0;
        a.products = 0;
        if (pixel < places) {
            move_to_sample(a, at);
            const u32 group = column / columns;
            Conv2dGather<Add, Mul>{a}.template block<B>(Units<Add, Mul>(a.arithmetic), group, pixel / a.width_out,
                                                        pixel % a.width_out, column % columns * B,
                                                        static_cast<u64>(group) * group_out * places + pixel);
        }
        Counters& counters = args.counters[at.sample];
        count(counters.operations, static_cast<u32>(a.operations) * group_out);
        count(counters.products, static_cast<u32>(a.products) * group_out);
    }
};

AXFIRE_FN void move_to_sample(Pool2dArgs& a, const Place& at) {
    a.values = at(a.values, a.channels * a.height_in * a.width_in);
    a.sums = at(a.sums, a.channels * a.height_out * a.width_out);
    a.arithmetic.site = at.site(a.arithmetic.site);
}

/// Threads: outputs.
template <class Add, class Mul>
struct PoolImage {
    using Args = PoolArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        Pool2dArgs& a = args.pool;
        const u32 outputs = a.channels * a.height_out * a.width_out;
        if (at.element < outputs) {
            move_to_sample(a, at);
            Pool2dDense<Add, Mul>{a}.block(Units<Add, Mul>(a.arithmetic), at.element, outputs);
        }
    }
};

/// Threads: outputs.
template <class Add, class Mul>
struct PoolEvents {
    using Args = PoolArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        Pool2dArgs& a = args.pool;
        a.operations = 0;
        a.products = 0;
        if (at.element < a.channels * a.height_out * a.width_out) {
            move_to_sample(a, at);
            const u32 sum = Pool2dEvents<Add, Mul>{a}.collect(Units<Add, Mul>(a.arithmetic), at.element);
            a.sums[at.element] = args.emits_events && (sum & ~kSignBit) == 0 ? kAbsent : sum;
        }
        count(args.counters[at.sample].operations, static_cast<u32>(a.operations));
        count(args.counters[at.sample].products, static_cast<u32>(a.products));
    }
};

/// Threads: elements.
template <class Add, class Mul>
struct SumSignals {
    using Args = SumArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        ElementwiseArgs& a = args.sum;
        u32 made = 0;
        if (at.element < a.count) {
            a.a = at(a.a, a.count);
            a.b = args.constant ? a.b : at(a.b, a.count);
            a.out = at(a.out, a.count);
            a.arithmetic.site = at.site(a.arithmetic.site);
            if (args.constant && a.a[at.element] == kAbsent) {
                a.out[at.element] = args.otherwise[at.element];
            } else {
                made = ~AddSignals<Add, Mul>{a}.block(Add(a.arithmetic.add, a.arithmetic.site), at.element) & 1u;
            }
        }
        count(args.counters[at.sample].operations, made);
    }
};

/// Threads: elements.
template <bool kSignals, class Add, class Mul>
struct MultiplySignals {
    using Args = ProductArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        ElementwiseArgs& a = args.product;
        u32 made = 0;
        if (at.element < a.count) {
            const u32 i = at.element;
            a.a = at(a.a, a.count);
            a.b = args.constant ? a.b : at(a.b, args.count_b);
            a.out = at(a.out, a.count);
            a.arithmetic.site = at.site(a.arithmetic.site);
            const u32 given = a.a[i];
            if (args.plain != nullptr && given == kOneBits) {
                a.out[i] = args.plain[i];
            } else {
                if (args.expand != nullptr) {  // the functor takes b's element i
                    a.b = a.b + args.expand[i] - i;
                }
                made = given != kAbsent && a.b[i] != kAbsent;
                ScaleSignal<kSignals, Add, Mul>{a}.block(Mul(a.arithmetic.mul, a.arithmetic.site), i);
            }
        }
        count(args.counters[at.sample].products, made);
    }
};

/// The squares around each channel, already scaled, added up, with the bias; then the power. Threads: elements.
template <class Add, class Mul>
struct LrnPower {
    using Args = LrnArgs;
    AXFIRE_FN static void run(Args args, const Place& at) {
        ElementwiseArgs& a = args.sum;
        const u32 n = a.count;
        if (at.element < n) {
            const u32 plane = n / args.channels;
            const u32 c = at.element / plane;
            const u32 p = at.element % plane;
            u32* const sums = at(args.power, n) + static_cast<u64>(c) * plane;
            const u32* const term = at(args.term, n);
            sums[p] = 0;
            a.a = sums;
            a.out = sums;
            a.arithmetic.site = at.site(a.arithmetic.site);
            const Add add(a.arithmetic.add, a.arithmetic.site);
            const u32 end = c + args.after + 1 < args.channels ? c + args.after + 1 : args.channels;
            for (u32 i = c - (c < args.before ? c : args.before); i < end; ++i) {
                a.operand = 3 + c * (args.channels + 1) + i;
                a.b = term + static_cast<u64>(i) * plane;
                AddSignals<Add, Mul>{a}.block(add, p);
            }
            a.operand = 3 + c * (args.channels + 1) + args.channels;
            a.b = args.bias;
            AddSignals<Add, Mul>{a}.block(add, p);
            sums[p] = fp_pow(sums[p], args.exponent);
        }
    }
};

}  // namespace axfire::AXFIRE_ISA
