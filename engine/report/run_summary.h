// SPDX-License-Identifier: Apache-2.0
// The figures of a run, as `axfire inspect` shows them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/run_reader.h"

namespace axfire {

/// What the recorded spikes of a population say.
struct SpikeActivity {
    std::uint64_t spikes = 0;
    double first_ms = 0;  ///< earliest spike of any sample, from that sample's start; meaningless without spikes
    double last_ms = 0;   ///< latest, likewise
    std::uint64_t silent_neurons = 0;  ///< that never spike in any sample
};

struct LayerSummary {
    LayerTotals totals;         ///< of an unfinished run: the spikes so far, and no operations
    bool spikes_known = false;  ///< else the spikes are 0
    double spikes_per_sample = 0;
    double rate_hz = 0;  ///< mean over neurons and samples
    std::optional<SpikeActivity> recorded;
};

struct RunSummary {
    std::string file;
    RunHeader header;
    std::uint64_t labelled = 0;  ///< samples with a label
    std::uint64_t correct = 0;   ///< of them, those predicted so
    /// The layers of the summary in order, then recorded populations that it lacks.
    std::vector<LayerSummary> layers;
    std::vector<std::string> membranes;  ///< populations with recorded membranes
};

/// Reads a run file, finished or not; memory is independent of the number of spikes.
/// Throws InputError when the file is missing, no run file, or damaged.
RunSummary read_run(const std::filesystem::path& path);

}  // namespace axfire
