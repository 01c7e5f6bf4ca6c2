// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/jit/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "arith/error.h"

namespace axfire {

namespace fs = std::filesystem;

struct ContentHash::State {
    XXH3_state_t xxh;
};

ContentHash::ContentHash() : state_(new State) {
    XXH3_128bits_reset(&state_->xxh);
}
ContentHash::~ContentHash() {
    delete state_;
}
ContentHash& ContentHash::add(std::string_view text) {
    const std::uint64_t size = text.size();
    XXH3_128bits_update(&state_->xxh, &size, sizeof size);
    XXH3_128bits_update(&state_->xxh, text.data(), text.size());
    return *this;
}
std::string ContentHash::hex() const {
    const XXH128_hash_t h = XXH3_128bits_digest(&state_->xxh);
    return fmt::format("{:016x}{:016x}", h.high64, h.low64);
}

WorkFolder::WorkFolder(const fs::path& inside) {
    std::string name = (inside / "work-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw InputError(fmt::format("no folder can be made in '{}': {}", inside.string(), std::strerror(errno)));
    }
    path_ = name;
}
WorkFolder::~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

namespace {

// An entry: the library, the notes, then this. Loaders of shared libraries read nothing behind their own tables.
struct Trailer {
    std::uint64_t library_size;
    std::uint64_t notes_size;
    char hash[32];  ///< of the library and the notes
    char magic[8];
};
constexpr char kMagic[8] = {'a', 'x', 'f', 'i', 'r', 'e', '0', '1'};
constexpr auto kAbandoned = std::chrono::hours(24);

std::string hash_of(std::string_view library, std::string_view notes) {
    return ContentHash().add(library).add(notes).hex();
}

bool read_all(const fs::path& path, std::string& bytes) {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    return in.good() || in.eof();
}

fs::path usable_folder() {
    std::vector<fs::path> candidates;
    if (const char* const xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && xdg[0] == '/') {
        candidates.push_back(fs::path(xdg) / "axfire");
    }
    if (const char* const home = std::getenv("HOME"); home != nullptr && home[0] == '/' && candidates.empty()) {
        candidates.push_back(fs::path(home) / ".cache" / "axfire");
    }
    for (const fs::path& folder : candidates) {
        std::error_code error;
        fs::create_directories(folder, error);
        if (access(folder.c_str(), W_OK | X_OK) == 0) {
            return folder;
        }
    }
    static const WorkFolder temporary(fs::temp_directory_path());
    return temporary.path();
}

fs::path entry_path(const std::string& key) {
    return cache_folder() / (key + ".so");
}

}  // namespace

const fs::path& cache_folder() {
    static const fs::path folder = usable_folder();
    return folder;
}

std::optional<CachedLibrary> find_in_cache(const std::string& key) {
    const fs::path path = entry_path(key);
    std::string bytes;
    if (access(path.c_str(), R_OK) != 0 || !read_all(path, bytes)) {
        return std::nullopt;
    }
    Trailer trailer{};
    if (bytes.size() >= sizeof trailer) {
        std::memcpy(&trailer, bytes.data() + bytes.size() - sizeof trailer, sizeof trailer);
        const std::string_view all(bytes.data(), bytes.size() - sizeof trailer);
        if (std::memcmp(trailer.magic, kMagic, sizeof kMagic) == 0 && trailer.library_size <= all.size() &&
            trailer.notes_size == all.size() - trailer.library_size) {
            const std::string_view library = all.substr(0, trailer.library_size);
            const std::string_view notes = all.substr(trailer.library_size);
            if (hash_of(library, notes) == std::string_view(trailer.hash, sizeof trailer.hash)) {
                utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
                return CachedLibrary{path, std::string(notes)};
            }
        }
    }
    std::error_code ignored;
    fs::remove(path, ignored);
    return std::nullopt;
}

CachedLibrary store_in_cache(const std::string& key, const fs::path& library, const std::string& notes) {
    std::string bytes;
    if (!read_all(library, bytes) || bytes.empty()) {
        throw InputError(fmt::format("'{}' cannot be read", library.string()));
    }
    Trailer trailer{bytes.size(), notes.size(), {}, {}};
    std::memcpy(trailer.hash, hash_of(bytes, notes).data(), sizeof trailer.hash);
    std::memcpy(trailer.magic, kMagic, sizeof kMagic);
    bytes += notes;
    bytes.append(reinterpret_cast<const char*>(&trailer), sizeof trailer);
    // In the folder of the entry, so that the renaming is one step.
    std::string name = (cache_folder() / "new-XXXXXX").string();
    const int fd = mkstemp(name.data());
    bool good = fd >= 0;
    for (std::size_t at = 0; good && at < bytes.size();) {
        const ssize_t written = write(fd, bytes.data() + at, bytes.size() - at);
        good = written > 0 || (written < 0 && errno == EINTR);
        at += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    good = good && fchmod(fd, 0644) == 0;
    const int error = errno;
    if (fd >= 0) {
        close(fd);
    }
    const fs::path path = entry_path(key);
    if (!good || std::rename(name.c_str(), path.c_str()) != 0) {
        unlink(name.c_str());
        throw InputError(fmt::format("'{}' cannot be written: {}; set XDG_CACHE_HOME to another folder", path.string(),
                                     std::strerror(good ? errno : error)));
    }
    shrink_cache(kCacheBytes);
    return {path, notes};
}

void shrink_cache(std::uintmax_t limit) {
    struct Entry {
        fs::file_time_type used;
        std::uintmax_t size;
        fs::path path;
    };
    std::vector<Entry> entries;
    std::uintmax_t total = 0;
    std::error_code error;
    for (const auto& item : fs::directory_iterator(cache_folder(), error)) {
        // Another process may remove a file at any moment: what cannot be read is left out.
        const auto used = item.last_write_time(error);
        if (error) {
            continue;
        }
        const std::string name = item.path().filename().string();
        if (name.starts_with("work-") || name.starts_with("new-")) {
            if (fs::file_time_type::clock::now() - used > kAbandoned) {
                fs::remove_all(item.path(), error);
            }
        } else if (item.path().extension() == ".so") {
            const std::uintmax_t size = item.file_size(error);
            if (!error) {
                entries.push_back({used, size, item.path()});
                total += size;
            }
        }
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
    for (std::size_t i = 0; i < entries.size() && total > limit; ++i) {
        fs::remove(entries[i].path, error);
        total -= entries[i].size;
    }
}

}  // namespace axfire
