// SPDX-License-Identifier: Apache-2.0
// The project's own model file (HDF5); docs/network_format.md describes it.
#pragma once

#include <filesystem>

#include "engine/network/network.h"

namespace axfire {

inline constexpr const char* kModelFormat = "axfire-model";  ///< root attribute `format`
inline constexpr int kModelVersion = 1;                      ///< root attribute `version`

/// Writes a network with all its fields; read_model() gives the same back, bit for bit. The file appears complete or
/// not at all. Throws InputError when the network is invalid (analyse()), a weight is not finite, the path exists and
/// `overwrite` is off, or it cannot be written.
void write_model(const Network& network, const std::filesystem::path& file, bool overwrite = false);

/// Reads a model file. Shapes are not checked here (analyse() does). Throws InputError that names the file and the
/// object in it: not HDF5, not a model file, a version it does not know, damaged.
Network read_model(const std::filesystem::path& file);

/// The same without the child process in which read_model() tries the file first: a damaged file may crash HDF5.
Network parse_model(const std::filesystem::path& file);

}  // namespace axfire
