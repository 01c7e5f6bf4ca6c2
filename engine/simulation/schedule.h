// SPDX-License-Identifier: Apache-2.0
// How many steps a part of a network is run for before the next one, and how many samples are in work, within a bound
// on memory. Neither changes a result.
#pragma once

#include "engine/simulation/runner.h"

namespace axfire {

/// Buffers of steps and samples may take this much, unless a run says otherwise.
inline constexpr std::size_t kDefaultMemory = std::size_t{1} << 30;

/// The schedule of a run of `options` within options.memory bytes: the threads' buffers, the events that a part keeps
/// for the next one, and what finished samples wait with for the sink. The network, the data and a sample's own input
/// come on top. Throws InputError where options.memory is given and one step at a time on every thread does not fit.
Schedule plan(const Simulation& simulation, const RunOptions& options);

}  // namespace axfire
