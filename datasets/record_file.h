// SPDX-License-Identifier: Apache-2.0
// Files that are a sequence of records of one size, without a header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

namespace axfire::datasets {

/// A kind of record, and how messages speak of it.
struct RecordKind {
    std::size_t bytes;
    const char* name;  ///< "an event record"
    const char* hint;  ///< what else a file of a wrong size may be, and what to do
};

/// Number of records in a file, from its size. Throws InputError that names the file: missing, no regular file, empty,
/// a size that is no multiple of `kind.bytes`, over 1 GiB.
std::size_t count_records(const std::filesystem::path& path, const RecordKind& kind);

/// Gives all records to `take` in the order of the file, in pieces of whole records. Throws as count_records() does.
void read_records(const std::filesystem::path& path, const RecordKind& kind,
                  const std::function<void(std::span<const std::uint8_t>)>& take);

}  // namespace axfire::datasets
