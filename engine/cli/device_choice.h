// SPDX-License-Identifier: Apache-2.0
// What --device asks for, and what there is.
#pragma once

#include <optional>
#include <string>

#include "engine/backend/cuda/device.h"

namespace axfire::cli {

struct DeviceChoice {
    std::optional<cuda::DeviceInfo> device;  ///< none: the CPU
    bool automatic = false;                  ///< the CPU may stand in for it
    std::string reason;                      ///< why this one

    /// "cpu", or "cuda:0".
    std::string name() const;
};

/// `auto`, `cpu`, `cuda` or `cuda:<number>`. Throws InputError for anything else, and for a device that is asked for
/// and cannot be used.
DeviceChoice choose_device(const std::string& text);

}  // namespace axfire::cli
