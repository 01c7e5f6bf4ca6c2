// SPDX-License-Identifier: Apache-2.0
// The device that the tests run on: the driver's test double, or a real one where AXFIRE_TEST_DEVICE=real says so.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

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

}  // namespace axfire::test

/// Skips the test, saying so, where nothing compiles kernels.
#define AXFIRE_NEEDS_DEVICE()                          \
    axfire::test::choose_driver();                     \
    if (!axfire::cuda::nvrtc().lacking.empty()) {      \
        GTEST_SKIP() << axfire::cuda::nvrtc().lacking; \
    }
