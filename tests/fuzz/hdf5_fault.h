// SPDX-License-Identifier: Apache-2.0
// HDF5 itself reads and writes where it must not on some damaged files. Those run in a child process; where the
// sanitizer ends the child, this tells whose fault it was.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>

#include "tests/datasets/support.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace axfire::testing {

// A child ends so where the sanitizer finds HDF5 itself at fault.
inline constexpr int kHdf5Fault = 86;

#if defined(__SANITIZE_ADDRESS__)
/// The innermost frame is the sanitizer's own memcpy or malloc, the next one the caller.
inline void blame(const char* report) {
    const std::string text(report);
    const auto caller = text.find("#1 ");
    const auto line =
        text.substr(std::min(caller, text.size()), text.find('\n', caller) - std::min(caller, text.size()));
    if (line.find("libhdf5") != std::string::npos) {
        _exit(kHdf5Fault);
    }
}
#endif

/// How loading, which tries the file in a child, ended: "" for success. Fails the test when a sanitizer ended the child
/// for a fault of our own.
inline std::string outcome(const std::function<void()>& load) {
#if defined(__SANITIZE_ADDRESS__)
    __asan_set_error_report_callback(blame);
#endif
    const std::string text = input_error(load);
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    const auto exit = text.find("ended with exit ");
    EXPECT_TRUE(exit == std::string::npos || text.substr(exit) == "ended with exit " + std::to_string(kHdf5Fault))
        << text;
    return text;
}

}  // namespace axfire::testing
