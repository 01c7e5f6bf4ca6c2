// SPDX-License-Identifier: Apache-2.0
// The device that the tests run on: the driver's test double, or a real one where AXFIRE_TEST_DEVICE=real says so.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "engine/backend/cuda/device.h"
#include "engine/backend/cuda/nvrtc.h"

namespace axfire::test {

inline bool real_device() {
    const char* const which = std::getenv("AXFIRE_TEST_DEVICE");
    return which != nullptr && std::string(which) == "real";
}

/// Sets the double in the place of the driver before anything asks for it. The double reads PTX only.
inline void choose_driver() {
    static const bool chosen = [] {
        if (!real_device()) {
            setenv("AXFIRE_CUDA_DRIVER", AXFIRE_CUDA_DOUBLE, 1);
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
