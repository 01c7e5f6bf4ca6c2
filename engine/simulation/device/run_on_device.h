// SPDX-License-Identifier: Apache-2.0
// The samples of a run through a device, batch after batch.
#pragma once

#include <functional>
#include <span>

#include "engine/simulation/device/device_simulation.h"
#include "engine/simulation/runner.h"

namespace axfire {

/// How the device works through a run.
Schedule schedule_of(const DeviceSimulation& device, const Simulation& simulation);

/// Runs the samples; `hand_on` gets each batch, in order, with the number of its first sample. While the device works
/// the next batch is read and encoded, on options.threads threads.
void run_on_device(DeviceSimulation& device, const Simulation& simulation, const Dataset& data,
                   const RunOptions& options,
                   const std::function<void(std::size_t first, std::span<FinishedSample>)>& hand_on);

}  // namespace axfire
