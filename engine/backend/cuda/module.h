// SPDX-License-Identifier: Apache-2.0
// The kernels for one adder and one multiplier as device code.
#pragma once

#include <string>
#include <vector>

#include "engine/backend/cuda/device.h"
#include "engine/backend/cuda/nvrtc.h"
#include "engine/backend/jit/instances.h"

namespace axfire::cuda {

/// A kernel by the functor that it runs, a type of device/kernels.h with `Add` and `Mul` for the units:
/// "LinearDense<Add, Mul>".
struct KernelUse {
    std::string functor;
    std::size_t argument_bytes;
};

struct ModuleRequest {
    AdderSpec add;
    MultiplierSpec mul;
    std::vector<KernelUse> kernels;  ///< the n-th is the function k<n>
    std::string adder_model = {};    ///< a user's function as UnitModel::name has it, where the unit is one
    std::string multiplier_model = {};
    std::string name = {};  ///< of the units, for notices
};

/// What a device's source begins with: `only_units` and the name of the namespace.
std::string device_units(AdderId add, MultiplierId mul);

/// The CUDA C++ source; users' files are part of it. Throws InputError where one cannot be read.
std::string module_source(const ModuleRequest& request);

enum class Code : unsigned char { machine, ptx };

/// The source compiled for a compute capability, 75 or more, from the cache or anew after a notice. Machine code where
/// NVRTC makes it for that capability, else PTX for the next lower one, and PTX where the environment variable
/// AXFIRE_CUDA_CODE says `ptx`. Throws InputError where it does not compile.
std::string module_image(const std::string& source, int capability, Code code, const std::string& name,
                         const Notice& notice);

/// Every header that the program carries, those that stand for the library's under the library's names.
std::vector<Header> device_headers();

/// The options of every compilation but for the device's; part of the arithmetic's definition.
const std::vector<std::string>& device_flags();

/// Compiles what is wanted and loads it, several side by side. A driver that takes no machine code gets PTX.
std::vector<Module> load_modules(const std::vector<ModuleRequest>& requests, const DeviceInfo& device,
                                 const Notice& notice);

}  // namespace axfire::cuda
