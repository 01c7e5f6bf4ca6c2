// SPDX-License-Identifier: Apache-2.0
// Runs a simulation over the samples of a data set, in batches and on several threads.
#pragma once

#include <functional>
#include <span>

#include "engine/simulation/simulation.h"

namespace axfire {

class DeviceTeam;

struct RunOptions {
    EncoderOptions encoder;
    std::size_t samples = 0;  ///< the first ones of the data set
    unsigned threads = 1;
    std::size_t batch = 32;  ///< samples that the sink gets at a time, or fewer where memory is short; 0 counts as 1
    std::size_t steps_at_once = 0;  ///< of a part of the network, at most; 0: as memory allows, up to 64
    std::size_t memory = 0;  ///< bytes for the buffers of steps and samples; 0: kDefaultMemory, as far as that goes
    std::vector<TraceRequest> traces;
    bool predict_every_step = false;      ///< for RunTotals::correct_at
    const DeviceTeam* devices = nullptr;  ///< of the same simulation: samples run there, in batches
};

/// What a run has chosen.
struct Schedule {
    unsigned threads;            ///< of samples
    unsigned threads_of_sample;  ///< that share the large layers of one, where samples are fewer than threads
    std::size_t parts;           ///< of the network, run one after the other
    std::size_t steps_at_once;   ///< of a part, before the next one
    std::size_t batch;
    std::size_t bytes;  ///< that the buffers may grow to
};

/// A finished sample, in the order of the data set.
struct FinishedSample {
    std::int32_t label;
    SampleResult result;  ///< without its hash_words
    std::uint64_t dropped_events;
    std::uint64_t hash;  ///< sample_hash of the hash_words
};

struct RunTotals {
    Schedule schedule{};
    std::vector<std::int32_t> labels;
    std::vector<std::int32_t> predictions;
    std::vector<Counts> counts;  ///< by Simulation::layers()
    std::uint64_t labelled = 0;
    std::uint64_t correct = 0;
    std::uint64_t correct_in_five = 0;      ///< the label is among the five largest outputs
    std::vector<std::uint64_t> correct_at;  ///< by step: samples that would be right if the run ended there
    std::uint64_t latency_steps = 0;   ///< over all samples that end right: the steps until the prediction stays right
    std::uint64_t dropped_events = 0;  ///< events after the last step
    std::uint64_t result_hash = 0;
    double seconds = 0;  ///< reading, encoding and simulating

    double accuracy() const { return static_cast<double>(correct) / static_cast<double>(labelled); }
};

/// 64-bit FNV-1a over 32-bit words, one xor and one multiplication for each word.
struct ResultHash {
    std::uint64_t value = 0xcbf29ce484222325u;
    void add(u32 word) { value = (value ^ word) * 0x100000001b3u; }
};

/// The hash of one sample: four hashes side by side, of the words i mod 4, and a hash over those. A processor forms the
/// four at once.
std::uint64_t sample_hash(std::span<const u32> words);

/// Runs samples 0 .. options.samples - 1. After each batch `sink` gets its samples in order, and the totals so far; it
/// is called by any of the threads, one at a time, while the others are at the next batch. The results depend neither
/// on threads nor on the batch. Throws what reading, encoding or the sink throws.
RunTotals run_samples(const Simulation& simulation, const Dataset& data, const RunOptions& options,
                      const std::function<void(std::span<FinishedSample>, const RunTotals&)>& sink);

}  // namespace axfire
