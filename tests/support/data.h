// SPDX-License-Identifier: Apache-2.0
// Where the real data is that some tests need.
#pragma once

#include <cstdlib>
#include <string>

/// Skips the test, saying so, unless AXFIRE_DATA names the data folder; then `variable` is its path.
#define AXFIRE_REQUIRE_DATA(variable)                                                           \
    if (std::getenv("AXFIRE_DATA") == nullptr) {                                                \
        GTEST_SKIP() << "AXFIRE_DATA does not name the data folder; this test needs its files"; \
    }                                                                                           \
    const std::string variable = std::getenv("AXFIRE_DATA")
