// SPDX-License-Identifier: Apache-2.0
// What the tests of data sets share: a temporary folder, small files, the text of an error, where real data is.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "arith/error.h"
#include "tests/support/data.h"
#include "tests/support/temporary_folder.h"

namespace axfire::testing {

inline Bytes read_bytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

/// The text of the InputError that a call throws; "" when it throws none. Any other exception fails the test.
template <class Call>
std::string input_error(Call call) {
    try {
        call();
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

/// The text must be one line that contains every part.
inline void expect_message(const std::string& text, const std::vector<std::string>& parts) {
    EXPECT_FALSE(text.empty()) << "no InputError was thrown";
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    for (const std::string& part : parts) {
        EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is missing in: " << text;
    }
}

}  // namespace axfire::testing
