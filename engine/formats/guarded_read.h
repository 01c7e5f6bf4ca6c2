// SPDX-License-Identifier: Apache-2.0
// Reads a model file that may be damaged.
#pragma once

#include <filesystem>
#include <functional>

#include "engine/network/network.h"

namespace axfire {

/// Returns read(), after having tried it in a child process: HDF5 may crash, hang or ask for absurd amounts of memory
/// on a damaged file, and all of that becomes an InputError that names the file.
Network guarded_read(const std::filesystem::path& file, const std::function<Network()>& read);

}  // namespace axfire
