// SPDX-License-Identifier: Apache-2.0
// NVIDIA's run-time compiler, from a library that is loaded where there is one. It needs no GPU.
#pragma once

#include <string>
#include <vector>

namespace axfire::cuda {

struct Nvrtc {
    std::string library;
    std::string version;             ///< "13.0"
    std::vector<int> architectures;  ///< that it makes machine code for: 75, 80, ...
    std::string lacking;             ///< why there is none, and what to do; empty where all is well
};

/// The library that the environment variable AXFIRE_NVRTC names, else libnvrtc.so.13 or .12, there or in the toolkit's
/// usual folder: .12 first where the driver is for CUDA 12. Loaded once.
const Nvrtc& nvrtc();

/// A header by the name under which a source includes it.
struct Header {
    const char* name;
    const char* text;
};

struct DeviceCode {
    std::string code;
    std::string log;  ///< what the compiler said of it
};

/// Compiles CUDA C++ and returns what the options ask for: machine code with --gpu-architecture=sm_*, PTX with
/// compute_*. Throws InputError with the compiler's first error.
DeviceCode compile_device_code(const std::string& source, const std::vector<Header>& headers,
                               const std::vector<std::string>& options);

}  // namespace axfire::cuda
