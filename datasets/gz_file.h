// SPDX-License-Identifier: Apache-2.0
// Sequential reading of a file that may or may not be compressed by gzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include <zlib.h>

namespace axfire {

/// A file read from its start, decompressed where it begins as gzip files do.
class GzFile {
public:
    /// Throws InputError that names the file when it is no regular file or cannot be opened.
    explicit GzFile(const std::filesystem::path& path);
    ~GzFile();
    GzFile(const GzFile&) = delete;
    GzFile& operator=(const GzFile&) = delete;

    /// Up to `bytes` of the (decompressed) data; less only at the end. Memory grows with the data that is there, not
    /// with `bytes`. Throws InputError that names the file for a truncated or damaged stream.
    std::vector<std::uint8_t> read(std::uint64_t bytes);

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    gzFile file_;
};

}  // namespace axfire
