// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "arith/philox.h"
#include "datasets/sample.h"
#include "tests/datasets/support.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::input_error;
using Steps = std::vector<std::vector<std::uint32_t>>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

EncoderOptions options_for(Encoding encoding, std::uint32_t steps) {
    EncoderOptions options;
    options.encoding = encoding;
    options.steps = steps;
    return options;
}

Sample values_sample(std::vector<float> values, std::uint32_t frames = 0) {
    Sample sample;
    sample.values = std::move(values);
    sample.frames = frames;
    return sample;
}

/// The indices of each step, after the form is checked.
Steps steps_of(const EncodedSample& encoded) {
    Steps steps;
    EXPECT_EQ(encoded.step_begin.size(), std::size_t{encoded.steps} + 1);
    EXPECT_EQ(encoded.step_begin.front(), 0u);
    EXPECT_EQ(encoded.step_begin.back(), encoded.index.size());
    EXPECT_EQ(encoded.amplitude.size(), encoded.index.size());
    EXPECT_TRUE(encoded.values.empty());
    for (std::size_t t = 0; t < encoded.steps; ++t) {
        steps.emplace_back(encoded.index.begin() + encoded.step_begin[t],
                           encoded.index.begin() + encoded.step_begin[t + 1]);
        for (std::size_t i = 1; i < steps.back().size(); ++i) {
            EXPECT_LT(steps.back()[i - 1], steps.back()[i]);
        }
    }
    return steps;
}

TEST(EncodeEvents, BinsSortsMergesAndCountsTheDropped) {
    Sample sample;
    sample.label = 4;
    sample.events = {{2000, 9}, {0, 5}, {999, 3}, {1000, 7}, {999, 5}, {0, 5}, {2999, 9}, {3000, 1}, {9000, 1}};
    EncoderOptions options = options_for(Encoding::events, 3);
    EncodedSample encoded = encode(sample, 10, 0, options);
    EXPECT_EQ(encoded.label, 4);
    EXPECT_EQ(encoded.steps, 3u);
    EXPECT_EQ(steps_of(encoded), (Steps{{3, 5}, {7}, {9}}));
    EXPECT_EQ(encoded.amplitude, (std::vector<float>{1, 3, 1, 2}));
    EXPECT_EQ(encoded.dropped, 2u);
    options.bin_events = BinEvents::binary;
    encoded = encode(sample, 10, 0, options);
    EXPECT_EQ(steps_of(encoded), (Steps{{3, 5}, {7}, {9}}));
    EXPECT_EQ(encoded.amplitude, (std::vector<float>{1, 1, 1, 1}));
}

TEST(EncodeEvents, AnEmptyRecordingAndEmptySteps) {
    EXPECT_EQ(steps_of(encode(Sample{}, 10, 0, options_for(Encoding::events, 2))), (Steps{{}, {}}));
    Sample sample;
    sample.events = {{5000, 0}};
    EXPECT_EQ(steps_of(encode(sample, 1, 0, options_for(Encoding::events, 7))), (Steps{{}, {}, {}, {}, {}, {0}, {}}));
    EXPECT_EQ(encode(sample, 1, 0, options_for(Encoding::events, 5)).dropped, 1u);
}

TEST(EncodeEvents, ExactMultiplesOfDtStartTheirStep) {
    // dt in us as an integer is the oracle: step = time / dt.
    const std::pair<double, std::uint32_t> cases[] = {{0.1, 100}, {0.3, 300},  {0.7, 700},  {1.1, 1100},
                                                      {0.001, 1}, {0.029, 29}, {2.3, 2300}, {10.0, 10000}};
    for (const auto& [dt_ms, dt_us] : cases) {
        Sample sample;
        std::vector<std::uint32_t> expected;
        constexpr std::uint32_t kSteps = 8000;
        for (std::uint32_t step = 0; step < kSteps; ++step) {
            if (step > 0) {
                sample.events.push_back({step * dt_us - 1, step - 1});  // the last microsecond of the step before
            }
            sample.events.push_back({step * dt_us, step});
        }
        EncoderOptions options = options_for(Encoding::events, kSteps);
        options.dt_ms = dt_ms;
        const EncodedSample encoded = encode(sample, kSteps, 0, options);
        EXPECT_EQ(encoded.dropped, 0u);
        const Steps steps = steps_of(encoded);
        for (std::uint32_t step = 0; step < kSteps; ++step) {
            ASSERT_EQ(steps[step], std::vector<std::uint32_t>{step}) << "dt " << dt_ms;
        }
    }
}

TEST(EncodeEvents, DtOfAFractionOfAMicrosecond) {
    Sample sample;
    sample.events = {{0, 0}, {1, 1}, {2, 2}, {3, 3}};
    EncoderOptions options = options_for(Encoding::events, 4);
    options.dt_ms = 0.0025;  // 2.5 us
    EXPECT_EQ(steps_of(encode(sample, 4, 0, options)), (Steps{{0, 1, 2}, {3}, {}, {}}));
    options.dt_ms = 1.0 / 3.0;
    sample.events = {{333, 0}, {334, 1}, {666, 2}, {667, 3}, {1000, 4}};
    EXPECT_EQ(steps_of(encode(sample, 5, 0, options)), (Steps{{0}, {1, 2}, {3}, {4}}));
}

TEST(EncodeEvents, AnalogValuesBecomeGradedEvents) {
    const Sample constant = values_sample({0.0f, 0.5f, -2.0f, -0.0f});
    EncodedSample encoded = encode(constant, 4, 0, options_for(Encoding::events, 2));
    EXPECT_EQ(steps_of(encoded), (Steps{{1, 2}, {1, 2}}));
    EXPECT_EQ(encoded.amplitude, (std::vector<float>{0.5f, -2.0f, 0.5f, -2.0f}));
    const Sample frames = values_sample({0, 1, 3, 0, 0, 0, 0, 7}, 4);
    EncoderOptions options = options_for(Encoding::events, 4);
    encoded = encode(frames, 2, 0, options);
    EXPECT_EQ(steps_of(encoded), (Steps{{1}, {0}, {}, {1}}));
    EXPECT_EQ(encoded.amplitude, (std::vector<float>{1, 3, 7}));
    options.bin_events = BinEvents::binary;
    EXPECT_EQ(encode(frames, 2, 0, options).amplitude, (std::vector<float>{1, 1, 1}));
}

TEST(EncodeDirect, ConstantAndFrames) {
    const EncodedSample constant = encode(values_sample({1, 2, 3}), 3, 0, options_for(Encoding::direct, 5));
    EXPECT_TRUE(constant.constant);
    EXPECT_EQ(constant.steps, 5u);
    EXPECT_EQ(constant.values, (std::vector<float>{1, 2, 3}));
    EXPECT_TRUE(constant.step_begin.empty());
    const Sample frames = values_sample({1, 2, 3, 4, 5, 6}, 3);
    const EncodedSample two = encode(frames, 2, 0, options_for(Encoding::direct, 2));
    EXPECT_FALSE(two.constant);
    EXPECT_EQ(two.values, (std::vector<float>{1, 2, 3, 4}));
    expect_message(input_error([&] { encode(frames, 2, 0, options_for(Encoding::direct, 4)); }),
                   {"3 frames", "4 steps"});
}

/// The definition: number step * size + element of the subsequence, drawn one by one.
Steps poisson_oracle(const Sample& sample, std::size_t size, std::uint64_t sample_index,
                     const EncoderOptions& options) {
    Steps steps(options.steps);
    for (std::uint32_t t = 0; t < options.steps; ++t) {
        for (std::size_t i = 0; i < size; ++i) {
            const double scaled = sample.values[(sample.frames == 0 ? 0 : t * size) + i] * options.rate_scale;
            const float p = static_cast<float>(std::fmin(1.0, scaled));
            const float uniform = philox_uniform(philox_word(options.seed, sample_index, t * size + i));
            if (!std::isnan(scaled) && uniform <= p) {
                steps[t].push_back(static_cast<std::uint32_t>(i));
            }
        }
    }
    return steps;
}

TEST(EncodePoisson, DrawsTheDocumentedNumbers) {
    std::mt19937_64 random = testing::test_random();
    for (std::size_t size = 1; size <= 23; ++size) {  // every alignment of a step to the blocks of four words
        for (const std::uint32_t frames : {0u, 9u}) {
            std::vector<float> values(size * std::max(1u, frames));
            for (float& value : values) {
                value = random() % 3 == 0 ? 0.0f : static_cast<float>(random() >> 40) * 0x1p-23f - 0.5f;
            }
            values[random() % values.size()] = kNan;
            values[random() % values.size()] = std::numeric_limits<float>::infinity();
            const Sample sample = values_sample(values, frames);
            EncoderOptions options = options_for(Encoding::poisson, 9);
            options.seed = random();
            options.rate_scale = 0.8;
            const std::uint64_t sample_index = (std::uint64_t{1} << 33) + size;
            const EncodedSample encoded = encode(sample, size, sample_index, options);
            EXPECT_EQ(steps_of(encoded), poisson_oracle(sample, size, sample_index, options)) << "size " << size;
            EXPECT_EQ(encoded.amplitude, std::vector<float>(encoded.index.size(), 1.0f));
        }
    }
}

TEST(EncodePoisson, CertainAndImpossibleSpikes) {
    const Sample sample = values_sample({1.0f, 0.0f, -1.0f, kNan, 2.0f, -0.0f, std::numeric_limits<float>::infinity()});
    EncoderOptions options = options_for(Encoding::poisson, 500);
    options.seed = 3;
    for (const auto& step : steps_of(encode(sample, 7, 0, options))) {
        ASSERT_EQ(step, (std::vector<std::uint32_t>{0, 4, 6}));
    }
    options.rate_scale = 0.0;
    EXPECT_TRUE(encode(sample, 7, 0, options).index.empty());
    for (const double bad : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        options.rate_scale = bad;
        expect_message(input_error([&] { encode(sample, 7, 0, options); }), {"rate scale"});
    }
}

TEST(EncodePoisson, RatesLieWithinFiveSigma) {
    std::vector<float> values;
    for (int i = 0; i < 20; ++i) {
        values.push_back(static_cast<float>(i) / 19.0f);
    }
    EncoderOptions options = options_for(Encoding::poisson, 20000);
    options.seed = 7;
    options.rate_scale = 0.5;
    std::vector<double> counts(values.size());
    for (const std::uint32_t index : encode(values_sample(values), values.size(), 11, options).index) {
        ++counts[index];
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double p = values[i] * 0.5;
        const double sigma = std::sqrt(options.steps * p * (1.0 - p));
        EXPECT_LE(std::abs(counts[i] - options.steps * p), 5.0 * sigma) << "element " << i;
    }
}

TEST(EncodePoisson, DependsOnSeedAndSampleButNotOnOrderOrSteps) {
    const Sample sample = values_sample(std::vector<float>(50, 0.5f));
    EncoderOptions options = options_for(Encoding::poisson, 20);
    const Steps late = steps_of(encode(sample, 50, 5, options));
    const Steps early = steps_of(encode(sample, 50, 1, options));
    EXPECT_NE(early, late);
    EXPECT_EQ(steps_of(encode(sample, 50, 5, options)), late);
    options.steps = 7;
    EXPECT_EQ(steps_of(encode(sample, 50, 5, options)), Steps(late.begin(), late.begin() + 7));
    options.seed = 1;
    EXPECT_NE(steps_of(encode(sample, 50, 5, options)), Steps(late.begin(), late.begin() + 7));
}

TEST(EncodeLatency, LargerValuesSpikeEarlier) {
    // (1 - v) * 4 + 1/2, floored: 1 -> 0, 0.75 -> 1, 0.5 -> 2, 0.25 -> 3, tiny -> 4; 0.875 -> 1 and 0.6 -> 2 (2.1).
    const Sample sample = values_sample({0.5f, 1.0f, 0.0f, 0.25f, 1e-30f, 0.75f, 3.0f, -1.0f, kNan, 0.875f, 0.6f});
    const EncodedSample encoded = encode(sample, 11, 0, options_for(Encoding::latency, 5));
    EXPECT_EQ(steps_of(encoded), (Steps{{1, 6}, {5, 9}, {0, 10}, {3}, {4}}));
    EXPECT_EQ(encoded.amplitude, std::vector<float>(8, 1.0f));
    EXPECT_EQ(steps_of(encode(sample, 11, 0, options_for(Encoding::latency, 1))), (Steps{{0, 1, 3, 4, 5, 6, 9, 10}}));
}

TEST(Encode, NamesTheEncodingsThatFit) {
    Sample events;
    events.events = {{0, 0}};
    for (const Encoding encoding : {Encoding::direct, Encoding::poisson, Encoding::latency}) {
        expect_message(input_error([&] { encode(events, 4, 0, options_for(encoding, 1)); }),
                       {std::string("'") + to_string(encoding) + "'", "address events", "those that do: events"});
    }
    const Sample frames = values_sample({1, 2}, 2);
    expect_message(input_error([&] { encode(frames, 1, 0, options_for(Encoding::latency, 2)); }),
                   {"'latency'", "time axis", "events, direct, poisson"});
}

TEST(Encode, RejectsSizesAndOptionsThatDoNotFit) {
    const Sample sample = values_sample({1, 2, 3, 4});
    expect_message(input_error([&] { encode(sample, 5, 0, options_for(Encoding::direct, 1)); }),
                   {"4 values", "5 elements"});
    expect_message(input_error([&] { encode(sample, 2, 0, options_for(Encoding::direct, 1)); }),
                   {"4 values", "2 elements"});
    expect_message(input_error([&] { encode(sample, 0, 0, options_for(Encoding::direct, 1)); }), {"4 values"});
    expect_message(input_error([&] { encode(sample, 4, 0, options_for(Encoding::direct, 0)); }), {"0 steps"});
    Sample events;
    events.events = {{0, 3}, {0, 4}};
    expect_message(input_error([&] { encode(events, 4, 0, options_for(Encoding::events, 1)); }),
                   {"event 1", "index 4"});
    EncoderOptions options = options_for(Encoding::events, 1);
    for (const double dt : {0.0, -1.0, std::nan("")}) {
        options.dt_ms = dt;
        expect_message(input_error([&] { encode(events, 5, 0, options); }), {"dt = "});
    }
}

TEST(Encode, NamesOfEncodings) {
    for (const char* name : {"events", "direct", "poisson", "latency"}) {
        EXPECT_STREQ(to_string(parse_encoding(name)), name);
    }
    expect_message(input_error([] { parse_encoding("rate"); }), {"'rate'", "events, direct, poisson, latency"});
}

}  // namespace
}  // namespace axfire
