// SPDX-License-Identifier: Apache-2.0
#include "datasets/idx.h"

#include <fmt/format.h>

#include <array>

#include "arith/error.h"
#include "datasets/gz_file.h"

namespace axfire {

namespace {

constexpr std::uint32_t kMagicOfBytes = 0x00000800;  // plus the number of axes
constexpr std::uint32_t kMaxSide = 65535;            // keeps count * height * width below 2^64

/// Reads the header; returns the length of each axis.
template <std::size_t Axes>
std::array<std::uint32_t, Axes> read_header(GzFile& file) {
    const std::vector<std::uint8_t> header = file.read(4 * (Axes + 1));
    if (header.size() < 4 * (Axes + 1)) {
        throw InputError(fmt::format("{}: {} bytes; an IDX file of {} axes has a header of {}", file.path().string(),
                                     header.size(), Axes, 4 * (Axes + 1)));
    }
    const auto word = [&](std::size_t i) {
        return std::uint32_t{header[4 * i]} << 24 | std::uint32_t{header[4 * i + 1]} << 16 |
               std::uint32_t{header[4 * i + 2]} << 8 | header[4 * i + 3];
    };
    if (word(0) != kMagicOfBytes + Axes) {
        throw InputError(fmt::format("{}: magic number 0x{:08x}; an IDX file of bytes with {} axes has 0x{:08x}",
                                     file.path().string(), word(0), Axes, kMagicOfBytes + Axes));
    }
    std::array<std::uint32_t, Axes> lengths;
    for (std::size_t i = 0; i < Axes; ++i) {
        lengths[i] = word(i + 1);
    }
    return lengths;
}

/// Reads exactly `bytes`, after which the file ends.
std::vector<std::uint8_t> read_elements(GzFile& file, std::uint64_t bytes) {
    std::vector<std::uint8_t> data = file.read(bytes);
    if (data.size() < bytes) {
        throw InputError(fmt::format("{}: truncated: the header announces {} bytes of data, the file holds {}",
                                     file.path().string(), bytes, data.size()));
    }
    if (!file.read(1).empty()) {
        throw InputError(
            fmt::format("{}: data goes on after the {} bytes that the header announces", file.path().string(), bytes));
    }
    return data;
}

}  // namespace

IdxImages read_idx_images(const std::filesystem::path& path) {
    GzFile file(path);
    const auto [count, height, width] = read_header<3>(file);
    if (count == 0 || height == 0 || width == 0 || height > kMaxSide || width > kMaxSide) {
        throw InputError(fmt::format("{}: header announces {} images of {}x{}; allowed are 1 or more, of 1x1 to {}x{}",
                                     path.string(), count, height, width, kMaxSide, kMaxSide));
    }
    const std::uint64_t bytes = std::uint64_t{height} * width * count;
    return {count, height, width, read_elements(file, bytes)};
}

std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path) {
    GzFile file(path);
    const auto [count] = read_header<1>(file);
    return read_elements(file, count);
}

}  // namespace axfire
