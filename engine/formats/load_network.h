// SPDX-License-Identifier: Apache-2.0
// Opens a network, whatever kind of file it is in.
#pragma once

#include <filesystem>

#include "engine/network/conventions.h"
#include "engine/network/network.h"

namespace axfire {

/// Reads a model file or a NIR file, told apart by content, and checks it with analyse(). `overrides` replace what the
/// file says (model file) or the defaults (NIR, which says nothing). Throws InputError that starts with the file's
/// name.
Network load_network(const std::filesystem::path& file, const ConventionOverrides& overrides = {});

}  // namespace axfire
