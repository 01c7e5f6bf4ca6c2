// SPDX-License-Identifier: Apache-2.0
// The samples of a run through the devices, batch after batch.
#pragma once

#include <functional>
#include <span>

#include "engine/simulation/device/team.h"
#include "engine/simulation/runner.h"

namespace axfire {

/// How the devices work through a run.
Schedule schedule_of(const DeviceTeam& team, const Simulation& simulation);

/// Runs the samples; `hand_on` gets them in order, batch after batch, with the number of the first one. Each device
/// takes the next samples when it has room for them; while it works the next ones are read and encoded, on
/// options.threads threads, and uploaded. What a device fails at another one takes over, after a notice; the last one's
/// error is thrown.
void run_on_devices(const DeviceTeam& team, const Simulation& simulation, const Dataset& data,
                    const RunOptions& options,
                    const std::function<void(std::size_t first, std::span<FinishedSample>)>& hand_on);

}  // namespace axfire
