// SPDX-License-Identifier: Apache-2.0
// PTX text to a decoded module.
#pragma once

#include <string_view>

#include "tests/support/cuda_double/device_memory.h"
#include "tests/support/cuda_double/ptx/program.h"

namespace axfire::cuda_double {

/// Reads a module and places its variables in the memory of a device. Throws PtxError, also for every instruction or
/// modifier that the interpreter does not know.
Module parse_module(std::string_view source, DeviceMemory& memory, int device);

}  // namespace axfire::cuda_double
