// SPDX-License-Identifier: Apache-2.0
// The devices that share the samples of a run.
#pragma once

#include <memory>
#include <vector>

#include "engine/simulation/device/device_simulation.h"

namespace axfire {

class DeviceTeam {
public:
    /// A simulation on each device. A device that cannot have one is left out, after a notice; throws what the first
    /// one throws where none is left (see DeviceSimulation).
    DeviceTeam(const Simulation& simulation, const std::vector<DeviceOptions>& options);

    const std::vector<std::unique_ptr<DeviceSimulation>>& members() const { return members_; }
    /// The most samples that one of them takes at once.
    std::size_t batch() const;
    /// What they hold on their devices, together.
    std::size_t bytes() const;
    /// "cuda:0", or "cuda:0, cuda:1"; and their names.
    std::string numbers() const;
    std::string names() const;
    /// Of a device that fails on the way.
    const Notice& notice() const { return notice_; }

private:
    std::vector<std::unique_ptr<DeviceSimulation>> members_;
    Notice notice_;
};

}  // namespace axfire
