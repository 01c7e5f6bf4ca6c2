// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/run_on_device.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <future>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "engine/simulation/device/shares.h"

namespace axfire {

namespace {

/// Samples first .. first + count - 1, encoded. Throws the error of the first that has one.
std::vector<EncodedSample> read_batch(std::size_t first, std::size_t count, const Simulation& simulation,
                                      const Dataset& data, const RunOptions& options, bool draws_later) {
    EncoderOptions encoder = options.encoder;
    encoder.draws_later = draws_later;
    std::vector<EncodedSample> samples(count);
    std::vector<std::exception_ptr> errors(count);
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(std::max(1u, options.threads)))
    for (std::size_t i = 0; i < count; ++i) {
        try {
            samples[i] = encode(data.load(first + i), simulation.input_size(), first + i, encoder);
        } catch (...) {
            errors[i] = std::current_exception();
        }
    }
    for (const std::exception_ptr& error : errors) {
        if (error) {
            std::rethrow_exception(error);
        }
    }
    return samples;
}

/// One device and what it has in work.
class Member {
public:
    Member(DeviceSimulation& device, const DeviceTeam& team, const Simulation& simulation, const Dataset& data,
           const RunOptions& options, Shares& shares)
        : device_(device),
          team_(team),
          simulation_(simulation),
          data_(data),
          options_(options),
          shares_(shares),
          most_(device.batch()) {}

    /// Works until all samples are handed on. Throws cuda::Error where the device fails; its samples are given back.
    void work() {
        try {
            while (true) {
                if (!next_) {
                    take(device_.unfinished() == 0);
                }
                if (next_) {
                    start();
                } else if (device_.unfinished() == 0) {
                    return;
                }
                if (!next_ || device_.unfinished() == 2) {
                    finish();
                }
            }
        } catch (const cuda::Error&) {
            for (const Begun& begun : begun_) {
                shares_.give_back(begun.share);
            }
            if (next_) {
                shares_.give_back(*next_);
            }
            throw;
        }
    }

private:
    struct Begun {
        Share share;
        std::vector<FinishedSample> samples;  ///< without their results
    };

    /// The next share, whose samples are read meanwhile.
    void take(bool waits) {
        next_ = waits ? shares_.take(most_) : shares_.try_take(most_);
        if (next_) {
            reading_ = std::async(std::launch::async, [this, share = *next_] {
                return read_batch(share.first, share.count, simulation_, data_, options_, device_.draws());
            });
        }
    }

    /// Gives the device the share that was taken, and takes another one.
    void start() {
        std::vector<EncodedSample> samples;
        try {
            samples = reading_.get();
        } catch (...) {
            shares_.finish(next_->first, {}, std::current_exception());
            next_.reset();
            return;
        }
        Begun& begun = begun_.emplace_back(Begun{*next_, std::vector<FinishedSample>(samples.size())});
        for (std::size_t i = 0; i < samples.size(); ++i) {
            begun.samples[i].label = samples[i].label;
            begun.samples[i].dropped_events = samples[i].dropped;
        }
        take(false);
        try {
            device_.send(std::move(samples));
            device_.begin(options_.traces, options_.predict_every_step);
        } catch (const cuda::Error& error) {
            const std::size_t count = begun.share.count;
            if (error.code != cuda::kOutOfMemory || count == 1) {
                throw;
            }
            most_ = std::min(most_, count / 2);
            team_.notice()(fmt::format("cuda:{} has no memory for {} samples at once: {} at once",
                                       device_.device().number, count, most_));
            shares_.give_back(begun.share);
            begun_.pop_back();
        }
    }

    void finish() {
        if (device_.unfinished() == 0) {
            return;
        }
        std::vector<SampleResult> results = device_.finish();
        Begun begun = std::move(begun_.front());
        begun_.pop_front();
        for (std::size_t i = 0; i < results.size(); ++i) {
            FinishedSample& sample = begun.samples[i];
            sample.result = std::move(results[i]);
            sample.hash = sample_hash(sample.result.hash_words);
            sample.result.hash_words = {};
        }
        shares_.finish(begun.share.first, std::move(begun.samples));
    }

    DeviceSimulation& device_;
    const DeviceTeam& team_;
    const Simulation& simulation_;
    const Dataset& data_;
    const RunOptions& options_;
    Shares& shares_;
    std::size_t most_;  ///< samples at once
    std::optional<Share> next_;
    std::future<std::vector<EncodedSample>> reading_;  ///< of next_
    std::deque<Begun> begun_;
};

}  // namespace

Schedule schedule_of(const DeviceTeam& team, const Simulation& simulation) {
    return {1, 1, simulation.parts(), 1, team.batch(), team.bytes()};
}

void run_on_devices(const DeviceTeam& team, const Simulation& simulation, const Dataset& data,
                    const RunOptions& options,
                    const std::function<void(std::size_t first, std::span<FinishedSample>)>& hand_on) {
    std::size_t ahead = 0;
    for (const auto& device : team.members()) {
        ahead += 2 * device->batch();
    }
    Shares shares(options.samples, ahead, hand_on);
    std::atomic<std::size_t> left = team.members().size();
    const auto work = [&](DeviceSimulation& device) {
        try {
            Member(device, team, simulation, data, options, shares).work();
        } catch (const cuda::Error& error) {
            if (--left == 0) {
                shares.fail(std::current_exception());
            } else {
                team.notice()(
                    fmt::format("cuda:{} failed, the other devices go on: {}", device.device().number, error.what()));
            }
        } catch (...) {
            shares.fail(std::current_exception());
        }
    };
    std::vector<std::thread> threads;
    for (const auto& device : team.members()) {
        threads.emplace_back(work, std::ref(*device));
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    shares.rethrow();
}

}  // namespace axfire
