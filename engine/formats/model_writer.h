// SPDX-License-Identifier: Apache-2.0
// A network's objects in an HDF5 file that may hold more.
#pragma once

#include "engine/formats/hdf5.h"
#include "engine/network/network.h"

namespace axfire {

/// Writes what a model file holds into a new file, such as create_memory_file() gives. Throws InputError as
/// write_model() does.
void write_model_objects(const Network& network, const Hdf5Handle& file);

}  // namespace axfire
