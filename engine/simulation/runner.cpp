// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/runner.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>

#include <omp.h>

#include "engine/simulation/device/run_on_device.h"
#include "engine/simulation/schedule.h"

namespace axfire {

namespace {

/// The error of the lowest sample, whatever thread met it.
class FirstError {
public:
    void note(std::size_t sample) {
        const std::lock_guard lock(mutex_);
        if (!error_ || sample < sample_) {
            error_ = std::current_exception();
            sample_ = sample;
        }
    }
    /// Throws it if it was met before sample `end`.
    void rethrow(std::size_t end) {
        const std::lock_guard lock(mutex_);
        if (error_ && sample_ < end) {
            std::rethrow_exception(error_);
        }
    }

private:
    std::mutex mutex_;
    std::exception_ptr error_;
    std::size_t sample_ = 0;
};

/// Hands samples to threads, and batches on in order. Two batches are in work at a time: threads need not wait for the
/// last sample of one, nor for what becomes of it.
class Batches {
public:
    Batches(std::size_t samples, std::size_t batch) : samples_(samples), batch_(batch) {
        begin(0);
        begin(1);
    }

    /// The next sample; none after the last one, or where handing on has failed.
    std::optional<std::size_t> next() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopped_ || next_ >= samples_ || next_ / batch_ < handed_on_ + 2; });
        return stopped_ || next_ >= samples_ ? std::nullopt : std::optional(next_++);
    }
    FinishedSample& place(std::size_t sample) { return slots_[sample / batch_ % 2][sample % batch_]; }

    /// To be called once for each sample. With the last one of a batch `hand_on` gets it, after the batches before it.
    void finish(std::size_t sample, const std::function<void(std::size_t first, std::span<FinishedSample>)>& hand_on) {
        const std::size_t batch = sample / batch_;
        std::unique_lock lock(mutex_);
        if (--left_[batch % 2] != 0) {
            return;
        }
        changed_.wait(lock, [&] { return stopped_ || handed_on_ == batch; });
        if (stopped_) {
            return;
        }
        lock.unlock();
        try {
            hand_on(batch * batch_, slots_[batch % 2]);
            lock.lock();
            ++handed_on_;
            begin(batch + 2);
        } catch (...) {
            lock.lock();
            error_ = std::current_exception();
            stopped_ = true;
        }
        changed_.notify_all();
    }
    void rethrow() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

private:
    void begin(std::size_t batch) {
        const std::size_t first = std::min(batch * batch_, samples_);
        left_[batch % 2] = std::min(batch_, samples_ - first);
        slots_[batch % 2].clear();
        slots_[batch % 2].resize(left_[batch % 2]);
    }

    const std::size_t samples_;
    const std::size_t batch_;
    std::vector<FinishedSample> slots_[2];
    std::size_t left_[2];  ///< samples that are not finished
    std::size_t next_ = 0;
    std::size_t handed_on_ = 0;  ///< batches
    bool stopped_ = false;
    std::exception_ptr error_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// True if fewer than five outputs are before the label's: larger, or equal and of a lower index.
bool in_five(const std::vector<float>& readout, std::int32_t label) {
    const auto at = static_cast<std::size_t>(label);
    if (label < 0 || at >= readout.size()) {
        return false;
    }
    int before = 0;
    for (std::size_t i = 0; i < readout.size(); ++i) {
        before += readout[i] > readout[at] || (readout[i] == readout[at] && i < at);
    }
    return readout[at] == readout[at] && before < 5;
}

void add_steps(RunTotals& totals, const std::vector<std::int32_t>& prediction_at, std::int32_t label) {
    totals.correct_at.resize(std::max(totals.correct_at.size(), prediction_at.size()));
    std::size_t settled = prediction_at.size();  // the first of the steps at the end that are all right
    for (std::size_t t = 0; t < prediction_at.size(); ++t) {
        totals.correct_at[t] += prediction_at[t] == label;
    }
    while (settled > 0 && prediction_at[settled - 1] == label) {
        --settled;
    }
    totals.latency_steps += settled < prediction_at.size() ? settled + 1 : 0;
}

void add_both_halves(ResultHash& hash, std::uint64_t x) {
    hash.add(static_cast<u32>(x));
    hash.add(static_cast<u32>(x >> 32));
}

}  // namespace

std::uint64_t sample_hash(std::span<const u32> words) {
    ResultHash part[4];
    std::size_t i = 0;
    for (; i + 4 <= words.size(); i += 4) {
        for (std::size_t j = 0; j < 4; ++j) {
            part[j].add(words[i + j]);
        }
    }
    for (std::size_t j = 0; i + j < words.size(); ++j) {
        part[j].add(words[i + j]);
    }
    ResultHash all;
    for (const ResultHash& p : part) {
        add_both_halves(all, p.value);
    }
    return all.value;
}

RunTotals run_samples(const Simulation& simulation, const Dataset& data, const RunOptions& options,
                      const std::function<void(std::span<FinishedSample>, const RunTotals&)>& sink) {
    const auto start = std::chrono::steady_clock::now();
    RunTotals totals;
    totals.schedule =
        options.devices != nullptr ? schedule_of(*options.devices, simulation) : plan(simulation, options);
    totals.counts.resize(simulation.layers().size());
    ResultHash hash;
    std::vector<Simulation::Workspace> workspaces;
    const unsigned workers = options.devices != nullptr ? 0 : totals.schedule.threads;
    for (unsigned i = 0; i < workers; ++i) {
        workspaces.emplace_back(simulation, totals.schedule.steps_at_once, totals.schedule.threads_of_sample);
    }
    FirstError error;
    const auto hand_on = [&](std::size_t first, std::span<FinishedSample> batch) {
        error.rethrow(first + batch.size());
        for (const FinishedSample& s : batch) {
            totals.labels.push_back(s.label);
            totals.predictions.push_back(s.result.prediction);
            totals.labelled += s.label != kNoLabel;
            totals.correct += s.label != kNoLabel && s.label == s.result.prediction;
            if (s.label != kNoLabel) {
                totals.correct_in_five += in_five(s.result.readout, s.label);
                add_steps(totals, s.result.prediction_at, s.label);
            }
            for (std::size_t l = 0; l < totals.counts.size(); ++l) {
                totals.counts[l] += s.result.counts[l];
            }
            totals.dropped_events += s.dropped_events;
            add_both_halves(hash, s.hash);
        }
        totals.result_hash = hash.value;
        totals.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        sink(batch, totals);
    };
    if (options.devices != nullptr) {
        run_on_devices(*options.devices, simulation, data, options, hand_on);
        return totals;
    }
    omp_set_max_active_levels(totals.schedule.threads_of_sample > 1 ? 2 : 1);
    Batches batches(options.samples, totals.schedule.batch);
    const auto work = [&](Simulation::Workspace& workspace) {
        while (const std::optional<std::size_t> i = batches.next()) {
            try {
                const Sample sample = data.load(*i);
                const EncodedSample encoded = encode(sample, simulation.input_size(), *i, options.encoder);
                FinishedSample& s = batches.place(*i);
                s = {encoded.label, simulation.run(encoded, options.traces, workspace, options.predict_every_step),
                     encoded.dropped, 0};
                s.hash = sample_hash(s.result.hash_words);
                workspace.take_back(std::move(s.result.hash_words));
            } catch (...) {
                error.note(*i);
            }
            batches.finish(*i, hand_on);
        }
    };
    if (workspaces.size() == 1) {  // outside of a parallel region OpenMP keeps the threads that share a layer
        work(workspaces[0]);
    } else {
#pragma omp parallel for schedule(static, 1) num_threads(totals.schedule.threads)
        for (Simulation::Workspace& workspace : workspaces) {
            work(workspace);
        }
    }
    batches.rethrow();
    return totals;
}

}  // namespace axfire
