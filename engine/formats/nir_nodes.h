// SPDX-License-Identifier: Apache-2.0
// The node types of NIR, as groups of an HDF5 file.
#pragma once

#include <optional>
#include <string>

#include "engine/formats/hdf5_reader.h"
#include "engine/network/network.h"

namespace axfire {

/// The node in the group `path`, whose dataset "type" holds `type`; nothing for a type that is not supported.
/// Throws InputError that names the dataset.
std::optional<NodeKind> read_nir_node(const Hdf5Reader& file, const std::string& path, const std::string& type);

/// "Affine, AvgPool2d, ...": the supported types.
std::string supported_nir_types();

}  // namespace axfire
