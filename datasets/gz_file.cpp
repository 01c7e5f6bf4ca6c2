// SPDX-License-Identifier: Apache-2.0
#include "datasets/gz_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "arith/error.h"

namespace axfire {

namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;

}  // namespace

GzFile::GzFile(const std::filesystem::path& path) : path_(path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        throw InputError(fmt::format("{}: {}", path.string(), error ? error.message() : "not a regular file"));
    }
    file_ = gzopen(path.c_str(), "rb");
    if (file_ == nullptr) {
        throw InputError(fmt::format("{}: cannot be opened for reading", path.string()));
    }
}

GzFile::~GzFile() {
    gzclose(file_);
}

std::vector<std::uint8_t> GzFile::read(std::uint64_t bytes) {
    std::vector<std::uint8_t> data;
    while (data.size() < bytes) {
        const std::size_t begin = data.size();
        const std::size_t piece = std::min(bytes - begin, kPieceBytes);
        data.resize(begin + piece);
        const int got = gzread(file_, data.data() + begin, static_cast<unsigned>(piece));
        data.resize(begin + static_cast<std::size_t>(std::max(got, 0)));
        int status = Z_OK;
        const char* text = gzerror(file_, &status);
        if (got < 0 || (status != Z_OK && status != Z_STREAM_END)) {
            throw InputError(fmt::format("{}: {} after {} bytes of data; the file is damaged or incomplete",
                                         path_.string(), status == Z_BUF_ERROR ? "gzip stream ends early" : text,
                                         data.size()));
        }
        if (static_cast<std::size_t>(got) < piece) {
            break;
        }
    }
    return data;
}

}  // namespace axfire
