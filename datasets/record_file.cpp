// SPDX-License-Identifier: Apache-2.0
#include "datasets/record_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <vector>

#include "arith/error.h"

namespace axfire::datasets {

namespace {

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{1} << 30;
constexpr std::size_t kPieceBytes = std::size_t{1} << 18;

}  // namespace

std::size_t count_records(const std::filesystem::path& path, const RecordKind& kind) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        throw InputError(fmt::format("{}: {}", path.string(), error ? error.message() : "not a regular file"));
    }
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error) {
        throw InputError(fmt::format("{}: {}", path.string(), error.message()));
    }
    if (bytes == 0) {
        throw InputError(fmt::format("{}: empty file; {} has {} bytes", path.string(), kind.name, kind.bytes));
    }
    if (bytes % kind.bytes != 0) {
        throw InputError(fmt::format("{}: {} bytes are no multiple of {}, the size of {}; {}", path.string(), bytes,
                                     kind.bytes, kind.name, kind.hint));
    }
    if (bytes > kMaxFileBytes) {
        throw InputError(
            fmt::format("{}: {} bytes; at most {} bytes a file are read", path.string(), bytes, kMaxFileBytes));
    }
    return static_cast<std::size_t>(bytes / kind.bytes);
}

void read_records(const std::filesystem::path& path, const RecordKind& kind,
                  const std::function<void(std::span<const std::uint8_t>)>& take) {
    const std::size_t bytes = count_records(path, kind) * kind.bytes;
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw InputError(fmt::format("{}: cannot be opened for reading", path.string()));
    }
    const std::size_t whole_records = std::max<std::size_t>(kPieceBytes / kind.bytes, 1) * kind.bytes;
    std::vector<std::uint8_t> piece(std::min(bytes, whole_records));
    for (std::size_t done = 0; done < bytes;) {
        const std::size_t count = std::min(bytes - done, piece.size());
        if (!file.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(count))) {
            throw InputError(fmt::format("{}: reading failed after {} of {} bytes", path.string(), done, bytes));
        }
        take(std::span(piece).first(count));
        done += count;
    }
}

}  // namespace axfire::datasets
