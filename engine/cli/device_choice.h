// SPDX-License-Identifier: Apache-2.0
// What --device asks for, and what there is.
#pragma once

#include <string>
#include <vector>

#include "engine/backend/cuda/device.h"

namespace axfire::cli {

struct DeviceChoice {
    std::vector<cuda::DeviceInfo> devices;  ///< none: the CPU
    bool automatic = false;                 ///< the CPU may stand in for them
    std::string reason;                     ///< why these
};

/// `auto`, `cpu`, `cuda`, `cuda:<number>` or `cuda:all`. Throws InputError for anything else, and for a device that is
/// asked for and cannot be used.
DeviceChoice choose_device(const std::string& text);

}  // namespace axfire::cli
