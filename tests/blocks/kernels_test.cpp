// SPDX-License-Identifier: Apache-2.0
// Kernels against plain loops, whatever the order of the threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#define AXFIRE_ISA fibres_of_a_block
#include "tests/support/fibres/device_words.h"
// Behind CUDA's words:
#include "engine/backend/cuda/device/kernels.h"

void axfire::device_model(const UnitModel&, u32, u32, u32&, u32&) {}

namespace axfire::AXFIRE_ISA {

namespace {

using fibres::Index;
using fibres::Order;

template <class T>
using Array = std::vector<T>;

/// As AXFIRE_KERNEL does it.
template <class Functor>
void run(const typename Functor::Args& args, u32 blocks, u32 samples, u32 threads, Order order, Step step = {0, 0}) {
    fibres::launch(Index{blocks, samples, 1}, threads, order, [&] {
        Functor::run(args, Place{blockIdx.x * blockDim.x + threadIdx.x, blockIdx.y, step});
    });
}

constexpr u32 kSamples = 2;
constexpr Order kOrders[] = {Order::forward, Order::backward, Order::shuffled};

/// [kSamples][padded(n)], each element there with probability 1/4, of amplitude 1 or 3.
Array<u32> random_signal(std::mt19937& random, u32 n) {
    Array<u32> signal(static_cast<std::size_t>(kSamples) * padded(n), kAbsent);
    for (u32 s = 0; s < kSamples; ++s) {
        for (u32 i = 0; i < n; ++i) {
            const u32 draw = random() % 20;
            signal[s * padded(n) + i] = draw == 0 ? 0x40400000u : draw < 5 ? kOneBits : kAbsent;
        }
    }
    return signal;
}

/// What CompactEvents leaves.
struct Compacted {
    Array<u32> index, amplitude, count;
    Array<Counters> counters;

    explicit Compacted(u32 inputs)
        : index(static_cast<std::size_t>(kSamples) * padded(inputs), 7),
          amplitude(index),
          count(kSamples * padded(1)),
          counters(kSamples) {}
    CompactArgs args(u32 inputs, u32 outputs, const Array<u32>& values) {
        return {inputs, outputs, values.data(), index.data(), amplitude.data(), count.data(), false, counters.data()};
    }
};

TEST(Blocks, CompactionKeepsTheOrderOfTheEvents) {
    std::mt19937 random(1);
    for (const u32 inputs : {1u, 33u, 257u, 700u}) {
        const Array<u32> values = random_signal(random, inputs);
        for (const u32 threads : {32u, 256u}) {
            for (const Order order : kOrders) {
                Compacted got(inputs);
                run<CompactEvents>(got.args(inputs, 10, values), 1, kSamples, threads, order);
                for (u32 s = 0; s < kSamples; ++s) {
                    const std::size_t at = static_cast<std::size_t>(s) * padded(inputs);
                    u32 count = 0;
                    u64 graded = 0;
                    for (u32 i = 0; i < inputs; ++i) {
                        if (values[at + i] != kAbsent) {
                            ASSERT_EQ(got.index[at + count], i) << inputs << ", " << threads;
                            ASSERT_EQ(got.amplitude[at + count], values[at + i]);
                            ++count;
                            graded += values[at + i] != kOneBits;
                        }
                    }
                    ASSERT_EQ(got.count[s * padded(1)], count) << inputs << ", " << threads;
                    ASSERT_EQ(got.counters[s].operations, u64{10} * count);
                    ASSERT_EQ(got.counters[s].products, 10 * graded);
                }
            }
        }
    }
}

TEST(Blocks, LinearLayersAddTheEventsInOrder) {
    std::mt19937 random(2);
    constexpr u32 kInputs = 70, kOutputs = 37;
    const Array<u32> values = random_signal(random, kInputs);
    Array<u32> weight(static_cast<std::size_t>(kInputs) * padded(kOutputs));
    for (u32& w : weight) {
        w = as_bits<u32>(static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 1000.0f);
    }
    for (const Order order : kOrders) {
        Compacted events(kInputs);
        run<CompactEvents>(events.args(kInputs, kOutputs, values), 1, kSamples, 64, order);
        Array<u32> sums(kSamples * padded(kOutputs));
        LinearEventsArgs args{};
        args.linear.inputs = kInputs;
        args.linear.outputs = kOutputs;
        args.linear.stride = padded(kOutputs);
        args.linear.last = padded(kOutputs);
        args.linear.weight_add = weight.data();
        args.linear.weight_mul = weight.data();
        args.linear.sums = sums.data();
        args.index = events.index.data();
        args.amplitude = events.amplitude.data();
        args.count = events.count.data();
        run<LinearEvents<NativeAdd, NativeMul>>(args, 2, kSamples, 32, order);
        for (u32 s = 0; s < kSamples; ++s) {
            for (u32 o = 0; o < kOutputs; ++o) {
                float sum = 0;
                for (u32 i = 0; i < kInputs; ++i) {
                    if (const u32 x = values[s * padded(kInputs) + i]; x != kAbsent) {
                        sum += as_float(x) * as_float(weight[i * padded(kOutputs) + o]);
                    }
                }
                ASSERT_EQ(sums[s * padded(kOutputs) + o], as_bits<u32>(sum)) << s << ", " << o;
            }
        }
    }
}

/// Warps add up what their lanes count; the lanes beyond the array come too.
TEST(Blocks, CountersTakeEverySpikeOnce) {
    for (const u32 n : {1u, 33u, 100u}) {
        Array<u32> threshold(n, 0x3f000000u), values(static_cast<std::size_t>(kSamples) * padded(n));
        for (u32 i = 0; i < values.size(); ++i) {
            values[i] = i % 3 == 0 ? kOneBits : i % 3 == 1 ? kAbsent : 0;
        }
        for (const Order order : kOrders) {
            Array<u32> out(values.size()), spikes(values.size());
            Array<Counters> counters(kSamples);
            run<PassThreshold>(
                {n, Fire::gt, threshold.data(), values.data(), out.data(), spikes.data(), counters.data()},
                (n + 63) / 64, kSamples, 64, order);
            for (u32 s = 0; s < kSamples; ++s) {
                u64 count = 0;
                for (u32 i = 0; i < n; ++i) {
                    const bool fires = values[s * padded(n) + i] == kOneBits;
                    ASSERT_EQ(out[s * padded(n) + i], fires ? kOneBits : kAbsent)
                        << n << ", " << s << ", " << i << ", " << static_cast<int>(order);
                    ASSERT_EQ(spikes[s * padded(n) + i], fires ? 1u : 0u);
                    count += fires;
                }
                ASSERT_EQ(counters[s].spikes, count) << n;
            }
        }
    }
}

/// A sum over a block whose barrier may be left out.
struct Planted {
    struct Args {
        const u32* values;
        u32* out;
        u32 words;     ///< that each thread writes
        bool barrier;  ///< between writing and reading
        bool diverges;
    };
    static void run(const Args& a, const Place& at) {
        __shared__ u32 of_thread[64];
        of_thread[threadIdx.x] = a.values[at.element];
        if (a.barrier && !(a.diverges && threadIdx.x == 5)) {
            __syncthreads();
        }
        if (a.diverges && threadIdx.x == 5) {
            __ballot_sync(~0u, 1);
        }
        for (u32 i = 0; i < a.words; ++i) {
            a.out[at.element * a.words + i] = of_thread[(threadIdx.x + 1) % 64];
        }
        __syncthreads();
    }
};

/// In a process of its own, which may end with a sanitizer's report.
void run_planted(u32 room, bool barrier, bool diverges = false) {
    const Array<u32> values(64, 3);
    const auto out = std::make_unique<u32[]>(room);
    run<Planted>({values.data(), out.get(), 2, barrier, diverges}, 1, 1, 64, Order::forward);
}

TEST(Blocks, SoundKernelsAreLeftAlone) {
    run_planted(128, true);
}

TEST(Blocks, ThreadsThatWaitInVainAreAnError) {
    EXPECT_THROW(run_planted(128, true, true), std::runtime_error);
}

#if defined(__SANITIZE_THREAD__)
TEST(BlocksDeathTest, AMissingBarrierIsCaught) {
    testing::FLAGS_gtest_death_test_style = "threadsafe";
    EXPECT_DEATH(run_planted(128, false), "data race");
}
#endif
#if defined(__SANITIZE_ADDRESS__)
TEST(BlocksDeathTest, AWriteOutOfBoundsIsCaught) {
    EXPECT_DEATH(run_planted(127, true), "heap-buffer-overflow");
}
#endif

}  // namespace

}  // namespace axfire::AXFIRE_ISA

#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_options() {
    return "halt_on_error=1";
}
#endif
