// SPDX-License-Identifier: Apache-2.0
// The device that the tests run on: the driver's test double, or a real one where AXFIRE_TEST_DEVICE=real says so.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/backend/cuda/device.h"
#include "engine/backend/cuda/nvrtc.h"

namespace axfire::test {

/// Where the build has put something, unless the environment (of an archive) says otherwise.
inline std::string place(const char* variable, const char* built) {
    const char* const other = std::getenv(variable);
    return other != nullptr ? other : built;
}
inline std::string program() {
    return place("AXFIRE_TEST_BINARY", AXFIRE_BINARY);
}
inline std::string sources() {
    return place("AXFIRE_TEST_SOURCES", AXFIRE_SOURCE_DIR);
}

inline bool real_device() {
    const char* const which = std::getenv("AXFIRE_TEST_DEVICE");
    return which != nullptr && std::string(which) == "real";
}

/// Sets the double in the place of the driver before anything asks for it. The double reads PTX only.
inline void choose_driver() {
    static const bool chosen = [] {
        if (!real_device()) {
            setenv("AXFIRE_CUDA_DRIVER", place("AXFIRE_TEST_DOUBLE", AXFIRE_CUDA_DOUBLE).c_str(), 1);
            setenv("AXFIRE_CUDA_CODE", "ptx", 1);
        }
        return true;
    }();
    static_cast<void>(chosen);
}

/// The source compiled for the device as the program does it: machine code, on the double PTX. A driver may
/// take no PTX of an NVRTC that is newer than itself.
inline std::string compile_for_device(const std::string& source, const std::vector<cuda::Header>& headers,
                                      std::vector<std::string> flags) {
    const std::vector<int>& known = cuda::nvrtc().architectures;
    const int capability = cuda::choose_device().capability;
    const bool machine = real_device() && std::find(known.begin(), known.end(), capability) != known.end();
    flags.push_back("--gpu-architecture=" + (machine ? "sm_" + std::to_string(capability) : "compute_75"));
    return cuda::compile_device_code(source, headers, flags).code;
}

}  // namespace axfire::test

/// Skips the test, saying so, where nothing compiles kernels.
#define AXFIRE_NEEDS_DEVICE()                          \
    axfire::test::choose_driver();                     \
    if (!axfire::cuda::nvrtc().lacking.empty()) {      \
        GTEST_SKIP() << axfire::cuda::nvrtc().lacking; \
    }
