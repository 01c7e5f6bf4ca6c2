// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>

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
    void rethrow() const {
        if (error_) {
            std::rethrow_exception(error_);
        }
    }

private:
    std::mutex mutex_;
    std::exception_ptr error_;
    std::size_t sample_ = 0;
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
    totals.schedule = plan(simulation, options);
    totals.counts.resize(simulation.layers().size());
    ResultHash hash;
    const int threads = static_cast<int>(std::max(1u, options.threads));
    std::vector<Simulation::Workspace> workspaces;
    for (int i = 0; i < threads; ++i) {
        workspaces.emplace_back(simulation, totals.schedule.steps_at_once);
    }
    std::vector<FinishedSample> batch;
    std::atomic<std::uint64_t> dropped = 0;
    for (std::size_t first = 0; first < options.samples; first += batch.size()) {
        batch.assign(std::min(totals.schedule.batch, options.samples - first), {});
        std::atomic<std::size_t> next = 0;
        FirstError error;
#pragma omp parallel for schedule(static, 1) num_threads(threads)
        for (int thread = 0; thread < threads; ++thread) {
            for (std::size_t i = next++; i < batch.size(); i = next++) {
                try {
                    const Sample sample = data.load(first + i);
                    const EncodedSample encoded = encode(sample, simulation.input_size(), first + i, options.encoder);
                    dropped += encoded.dropped;
                    batch[i] = {encoded.label,
                                simulation.run(encoded, options.traces, workspaces[static_cast<std::size_t>(thread)],
                                               options.predict_every_step),
                                0};
                    batch[i].hash = sample_hash(batch[i].result.hash_words);
                    batch[i].result.hash_words = {};
                } catch (...) {
                    error.note(first + i);
                }
            }
        }
        error.rethrow();
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
            add_both_halves(hash, s.hash);
        }
        totals.dropped_events = dropped;
        totals.result_hash = hash.value;
        totals.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        sink(batch, totals);
    }
    return totals;
}

}  // namespace axfire
