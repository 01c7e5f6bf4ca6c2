// SPDX-License-Identifier: Apache-2.0
// IDX files, the format of MNIST and of the data sets that follow it; plain or compressed by gzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace axfire {

/// Grey images of one size.
struct IdxImages {
    std::size_t count = 0;
    std::size_t height = 0;
    std::size_t width = 0;
    std::vector<std::uint8_t> pixels;  ///< [count][height][width]
};

// An IDX file: two zero bytes, the element type (8 = unsigned byte), the number of axes, then each axis as a big-endian
// 32-bit length, then the elements in C order. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database".
//
// Both readers throw InputError that names the file: unreadable, damaged, another magic number, no images, a size that
// the header does not bear out.

/// Reads three axes of bytes (magic 0x00000803).
IdxImages read_idx_images(const std::filesystem::path& path);

/// Reads one axis of bytes (magic 0x00000801).
std::vector<std::uint8_t> read_idx_labels(const std::filesystem::path& path);

}  // namespace axfire
