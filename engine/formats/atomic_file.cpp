// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire {
namespace {

[[noreturn]] void fail_exists(const std::filesystem::path& path) {
    throw InputError(fmt::format("{}: exists already; choose another name, or overwrite it (--force)", path.string()));
}

/// Writes and syncs; returns errno, or 0.
int write_all(int file, const unsigned char* bytes, std::size_t size) {
    while (size > 0) {
        const ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            bytes += written;
            size -= static_cast<std::size_t>(written);
        }
    }
    return fsync(file) == 0 ? 0 : errno;
}

/// Renames without replacing anything where the file system can; returns errno, or 0.
int rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    struct stat there;
    if (lstat(to.c_str(), &there) == 0) {
        return EEXIST;
    }
    return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

void write_file_atomically(const std::filesystem::path& path, const unsigned char* bytes, std::size_t size,
                           bool overwrite) {
    static std::atomic<unsigned> counter{0};
    struct stat there;
    if (stat(path.c_str(), &there) == 0) {
        if (!S_ISREG(there.st_mode)) {
            throw InputError(fmt::format("{}: is not a regular file; choose another name", path.string()));
        }
        if (!overwrite) {
            fail_exists(path);
        }
    }
    const std::filesystem::path temporary =
        path.parent_path() / fmt::format(".{}.{}.{}.tmp", path.filename().string(), getpid(), counter++);
    const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        throw InputError(fmt::format("{}: cannot be created: {}", path.string(), std::strerror(errno)));
    }
    int error = write_all(file, bytes, size);
    if (close(file) != 0 && error == 0) {
        error = errno;
    }
    if (error == 0) {
        error = !overwrite                                          ? rename_new(temporary, path)
                : std::rename(temporary.c_str(), path.c_str()) == 0 ? 0
                                                                    : errno;
    }
    if (error != 0) {
        unlink(temporary.c_str());
        if (error == EEXIST) {
            fail_exists(path);
        }
        throw InputError(fmt::format("{}: cannot be written: {}", path.string(), std::strerror(error)));
    }
}

}  // namespace axfire
