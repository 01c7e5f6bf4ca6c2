// SPDX-License-Identifier: Apache-2.0
// Reads networks in NIR, the Neuromorphic Intermediate Representation (HDF5), versions 0.1 to 1.0.
// Source: J. Pedersen et al., Neuromorphic intermediate representation, Nature Communications 15, 8122, 2024.
#pragma once

#include <filesystem>

#include "engine/network/network.h"

namespace axfire {

struct NirOptions {
    Conventions conventions;  ///< NIR stores none of them
};

/// Reads a NIR file. Subgraphs are flattened: their nodes are named "<subgraph>.<node>". Shapes are not checked here
/// (analyse() does). Throws InputError that names the file and the object in it: no such file, not HDF5, not NIR,
/// damaged, node types that are not supported (all of them at once), missing or misshapen fields, values not finite.
Network read_nir(const std::filesystem::path& file, const NirOptions& options = {});

/// The same without the child process in which read_nir() tries the file first: a damaged file may crash HDF5.
Network parse_nir(const std::filesystem::path& file, const NirOptions& options);

}  // namespace axfire
