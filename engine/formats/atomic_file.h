// SPDX-License-Identifier: Apache-2.0
// A file that appears complete or not at all.
#pragma once

#include <cstddef>
#include <filesystem>

namespace axfire {

/// Writes `size` bytes under another name in the same folder, syncs them to the disk and renames. Throws InputError
/// when the path exists and `overwrite` is off, or when it cannot be written (disk full); nothing is left behind then.
void write_file_atomically(const std::filesystem::path& path, const unsigned char* bytes, std::size_t size,
                           bool overwrite);

}  // namespace axfire
