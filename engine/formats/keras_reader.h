// SPDX-License-Identifier: Apache-2.0
// Keras models in HDF5 (.h5), as `model.save("m.h5")` writes them: Sequential ones.
#pragma once

#include <filesystem>

#include "engine/network/network.h"

namespace axfire {

/// Reads a Sequential model with its weights. Images are channels x height x width here, whichever way Keras has them; weights
/// and flattened values are put in that order. Throws InputError: another kind of model, layers that are not supported (all of
/// them), weights that are missing or do not fit.
Network parse_keras(const std::filesystem::path& file);

}  // namespace axfire
