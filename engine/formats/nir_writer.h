// SPDX-License-Identifier: Apache-2.0
// Writes networks in NIR, for other simulators.
#pragma once

#include <filesystem>

#include "engine/network/network.h"

namespace axfire {

/// Writes a NIR file that the reference `nir` package reads. NIR has no place for the conventions (time step, reset,
/// ...): they are not written. The file appears complete or not at all. Throws InputError when the network is invalid
/// (analyse()), holds what NIR cannot express (a refractory period, an initial membrane potential, padding that differs
/// between sides, averages that leave padding out, signals that change their shape without a flatten node), when the
/// path exists and `overwrite` is off, or when it cannot be written.
void write_nir(const Network& network, const std::filesystem::path& file, bool overwrite = false);

}  // namespace axfire
