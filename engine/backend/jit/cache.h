// SPDX-License-Identifier: Apache-2.0
// Compiled code kept between runs: one file an entry, named by the hash of everything that made it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace axfire {

/// 128 bits over texts, as 32 hexadecimal digits. Each text counts with its length.
class ContentHash {
public:
    ContentHash();
    ContentHash(const ContentHash&) = delete;
    ContentHash& operator=(const ContentHash&) = delete;
    ~ContentHash();
    ContentHash& add(std::string_view text);
    std::string hex() const;

private:
    struct State;
    State* state_;
};

/// A folder of its own that is removed with everything in it.
class WorkFolder {
public:
    explicit WorkFolder(const std::filesystem::path& inside);
    WorkFolder(const WorkFolder&) = delete;
    WorkFolder& operator=(const WorkFolder&) = delete;
    ~WorkFolder();
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The cache folder: $XDG_CACHE_HOME/axfire, else ~/.cache/axfire; where neither can be written, one in the folder for
/// temporary files that lasts as long as the process. Created when missing.
const std::filesystem::path& cache_folder();

/// What an entry holds beside the shared library: a line for each file that it depends on, "<hash> <path>".
struct CachedLibrary {
    std::filesystem::path path;
    std::string notes;
};

/// The entry of a key, if it is there, whole and unchanged; a damaged one is removed. Marks it as used.
std::optional<CachedLibrary> find_in_cache(const std::string& key);

/// Stores a library under a key: other processes see all of it or nothing. Removes the entries that were not used for
/// the longest time while all together exceed `limit` bytes (kCacheBytes). Throws InputError when it cannot be written.
CachedLibrary store_in_cache(const std::string& key, const std::filesystem::path& library, const std::string& notes);

inline constexpr std::uintmax_t kCacheBytes = 256u << 20;
void shrink_cache(std::uintmax_t limit);

}  // namespace axfire
