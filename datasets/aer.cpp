// SPDX-License-Identifier: Apache-2.0
#include "datasets/aer.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "arith/error.h"

namespace axfire {

namespace {

constexpr std::uintmax_t kRecordBytes = 5;
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{1} << 30;
constexpr std::size_t kPieceBytes = kRecordBytes * 65536;

/// Size of a regular file that can hold whole records.
std::uintmax_t checked_file_size(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        throw InputError(fmt::format("{}: {}", path.string(), error ? error.message() : "not a regular file"));
    }
    const std::uintmax_t bytes = std::filesystem::file_size(path, error);
    if (error) {
        throw InputError(fmt::format("{}: {}", path.string(), error.message()));
    }
    if (bytes == 0) {
        throw InputError(fmt::format("{}: empty file; an event file holds 5-byte records", path.string()));
    }
    if (bytes % kRecordBytes != 0) {
        throw InputError(
            fmt::format("{}: {} bytes are no multiple of 5, the size of an event record; the file is "
                        "truncated or of another format",
                        path.string(), bytes));
    }
    if (bytes > kMaxFileBytes) {
        throw InputError(
            fmt::format("{}: {} bytes; at most {} bytes a recording are read", path.string(), bytes, kMaxFileBytes));
    }
    return bytes;
}

}  // namespace

std::vector<Event> read_aer(const std::filesystem::path& path, Sensor sensor) {
    const std::uintmax_t bytes = checked_file_size(path);
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw InputError(fmt::format("{}: cannot be opened for reading", path.string()));
    }
    std::vector<Event> events;
    events.reserve(bytes / kRecordBytes);
    std::vector<char> piece(std::min<std::uintmax_t>(bytes, kPieceBytes));
    for (std::uintmax_t done = 0; done < bytes;) {
        const std::size_t count = std::min<std::uintmax_t>(bytes - done, piece.size());
        if (!file.read(piece.data(), static_cast<std::streamsize>(count))) {
            throw InputError(fmt::format("{}: reading failed after {} of {} bytes", path.string(), done, bytes));
        }
        const auto* record = reinterpret_cast<const unsigned char*>(piece.data());
        for (const auto* end = record + count; record != end; record += kRecordBytes) {
            const std::uint32_t x = record[0];
            const std::uint32_t y = record[1];
            const std::uint32_t polarity = record[2] >> 7;
            if (x >= sensor.width || y >= sensor.height) {
                throw InputError(fmt::format("{}: event {} is at x={}, y={}, outside the {}x{} sensor", path.string(),
                                             events.size(), x, y, sensor.width, sensor.height));
            }
            const std::uint32_t time_us = (record[2] & 0x7Fu) << 16 | std::uint32_t{record[3]} << 8 | record[4];
            events.push_back({time_us, (polarity * sensor.height + y) * sensor.width + x});
        }
        done += count;
    }
    return events;
}

}  // namespace axfire
