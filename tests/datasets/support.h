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

namespace axfire::testing {

using Bytes = std::vector<std::uint8_t>;

/// A folder that goes with the object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "axfire_test_XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("cannot create a folder like " + name);
        }
        path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    /// Writes a file, with the folders above it; returns its path.
    std::filesystem::path write(const std::string& name, const Bytes& bytes) const {
        const std::filesystem::path file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::filesystem::remove(file);  // some file systems flush to disk when a file is overwritten in place
        std::ofstream(file, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return file;
    }

private:
    std::filesystem::path path_;
};

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

/// The folder of real data, or "" where AXFIRE_DATA is not set.
inline std::string real_data() {
    const char* folder = std::getenv("AXFIRE_DATA");
    return folder == nullptr ? "" : folder;
}

}  // namespace axfire::testing

#define AXFIRE_NEEDS_REAL_DATA()                                                       \
    if (axfire::testing::real_data().empty()) {                                        \
        GTEST_SKIP() << "set AXFIRE_DATA to the folder of real data to run this test"; \
    }
