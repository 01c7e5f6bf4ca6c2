// SPDX-License-Identifier: Apache-2.0
// Samples on several threads: what is handed on, in which order, and what a failure leaves.
#include "engine/simulation/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/engine/networks.h"

namespace axfire::test {
namespace {

/// Sample i holds i and belongs to class i; some take longer than others, some cannot be read.
class Numbers : public Dataset {
public:
    std::size_t size() const override { return 1000; }
    const std::vector<std::size_t>& shape() const override { return shape_; }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double) const override { return 0; }
    Sample load(std::size_t i) const override {
        ++loaded;
        if (i % 7 == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        if (std::find(bad.begin(), bad.end(), i) != bad.end()) {
            throw std::runtime_error("sample " + std::to_string(i));
        }
        Sample sample;
        sample.label = static_cast<std::int32_t>(i);
        sample.values = {static_cast<float>(i), 1.0f};
        return sample;
    }
    std::vector<std::size_t> bad;
    mutable std::atomic<std::size_t> loaded = 0;

private:
    std::vector<std::size_t> shape_{2};
};

RunTotals run(const Numbers& data, unsigned threads, std::size_t batch,
              const std::function<void(std::span<FinishedSample>, const RunTotals&)>& sink) {
    SimulationOptions options;
    options.input_events = false;
    const Simulation simulation(chain({2}, {neuron("relu", "relu", 2, {})}, {}), options);
    RunOptions o;
    o.encoder = {Encoding::direct, BinEvents::count, 1, 1.0, 0, 1.0};
    o.samples = 100;
    o.threads = threads;
    o.batch = batch;
    return run_samples(simulation, data, o, sink);
}

TEST(Runner, HandsOnEverySampleOnceInOrder) {
    for (const unsigned threads : {1u, 2u, 7u}) {
        for (const std::size_t batch : {0u, 1u, 3u, 32u, 100u, 1000u}) {
            const Numbers data;
            std::size_t seen = 0;
            std::atomic<int> at_once = 0;
            const RunTotals totals = run(data, threads, batch, [&](std::span<FinishedSample> samples, const auto& now) {
                EXPECT_EQ(at_once++, 0);
                EXPECT_EQ(samples.size(), std::min<std::size_t>({std::max<std::size_t>(batch, 1), 100, 100 - seen}));
                for (const FinishedSample& s : samples) {
                    EXPECT_EQ(s.label, static_cast<std::int32_t>(seen));
                    EXPECT_EQ(s.result.readout, (std::vector<float>{static_cast<float>(seen), 1.0f}));
                    ++seen;
                }
                EXPECT_EQ(now.labels.size(), seen);
                --at_once;
            });
            EXPECT_EQ(seen, 100u) << threads << " threads, batch " << batch;
            EXPECT_EQ(totals.labels.size(), 100u);
        }
    }
}

TEST(Runner, TheFirstBadSampleEndsTheRun) {
    for (const unsigned threads : {1u, 2u, 7u}) {
        for (const std::size_t batch : {1u, 4u, 32u, 100u}) {
            Numbers data;
            data.bad = {63, 42, 43, 99};
            std::size_t seen = 0;
            try {
                run(data, threads, batch,
                    [&](std::span<FinishedSample> samples, const auto&) { seen += samples.size(); });
                ADD_FAILURE() << "no error";
            } catch (const std::runtime_error& error) {
                EXPECT_STREQ(error.what(), "sample 42") << threads << " threads, batch " << batch;
            }
            EXPECT_EQ(seen, 42 / batch * batch);  // every batch before it
        }
    }
}

TEST(Runner, AFailingSinkEndsTheRun) {
    for (const unsigned threads : {1u, 2u, 7u}) {
        const Numbers data;
        const auto sink = [](std::span<FinishedSample> samples, const RunTotals&) {
            if (samples[0].label >= 10) {
                throw std::runtime_error("the disk is full");
            }
        };
        EXPECT_THROW(run(data, threads, 5, sink), std::runtime_error);
        EXPECT_LE(data.loaded, 20u);  // two batches are in work at a time
    }
}

}  // namespace
}  // namespace axfire::test
