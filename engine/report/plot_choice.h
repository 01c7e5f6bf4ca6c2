// SPDX-License-Identifier: Apache-2.0
// What the plots of one sample share: which populations, under which title, over which time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/report/run_reader.h"
#include "engine/report/svg.h"

namespace axfire {

/// The populations of those names, or all, whose spikes or membranes (`recorded`) are in the file; at least one.
/// Throws InputError that lists those which are.
std::vector<RecordedPopulation> choose_populations(const RunReader& run, const std::vector<std::string>& names,
                                                   bool RecordedPopulation::*recorded);

/// "run.h5, sample 3, label 7, prediction 7"; without what is not known.
std::string sample_title(const RunReader& run, std::uint64_t sample);

/// The time axis of a sample, ms: every step in the middle of its share, the first at 0.
svg::Range time_range(const RunHeader& header);

}  // namespace axfire
