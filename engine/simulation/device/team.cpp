// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/team.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace axfire {

DeviceTeam::DeviceTeam(const Simulation& simulation, const std::vector<DeviceOptions>& options)
    : notice_(options.front().notice ? options.front().notice : [](const std::string&) {}) {
    std::exception_ptr first;
    std::vector<std::string> lacking;
    const auto leave_out = [&](const DeviceOptions& device, const std::exception& error) {
        first = first ? first : std::current_exception();
        lacking.push_back(fmt::format("cuda:{} is left out: {}", device.device.number, error.what()));
    };
    for (const DeviceOptions& device : options) {
        try {
            members_.push_back(std::make_unique<DeviceSimulation>(simulation, device));
        } catch (const NotOnDevice& error) {
            leave_out(device, error);
        } catch (const cuda::Error& error) {
            leave_out(device, error);
        }
    }
    if (members_.empty()) {
        std::rethrow_exception(first);
    }
    for (const std::string& text : lacking) {
        notice_(text);
    }
}

std::size_t DeviceTeam::batch() const {
    std::size_t most = 0;
    for (const auto& member : members_) {
        most = std::max(most, member->batch());
    }
    return most;
}

std::size_t DeviceTeam::bytes() const {
    std::size_t sum = 0;
    for (const auto& member : members_) {
        sum += member->bytes();
    }
    return sum;
}

std::string DeviceTeam::numbers() const {
    std::string text;
    for (const auto& member : members_) {
        text += fmt::format("{}cuda:{}", text.empty() ? "" : ", ", member->device().number);
    }
    return text;
}

std::string DeviceTeam::names() const {
    std::string text;
    for (const auto& member : members_) {
        text += (text.empty() ? "" : ", ") + member->device().name;
    }
    return text;
}

}  // namespace axfire
