// SPDX-License-Identifier: Apache-2.0
// Where the real data is that some tests need.
#pragma once

#include <cstdlib>
#include <string>

namespace axfire::testing {

/// The folder of real data, or "" where AXFIRE_DATA is not set.
inline std::string real_data() {
    const char* folder = std::getenv("AXFIRE_DATA");
    return folder == nullptr ? "" : folder;
}

}  // namespace axfire::testing

/// Skips the test, saying so, where there is no real data.
#define AXFIRE_NEEDS_REAL_DATA()                                                       \
    if (axfire::testing::real_data().empty()) {                                        \
        GTEST_SKIP() << "set AXFIRE_DATA to the folder of real data to run this test"; \
    }

/// The same, and declares `variable`, the folder's path.
#define AXFIRE_REQUIRE_DATA(variable) \
    AXFIRE_NEEDS_REAL_DATA()          \
    const std::string variable = axfire::testing::real_data()
