// SPDX-License-Identifier: Apache-2.0
#include "engine/record/commit_file.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire {
namespace {

void close_descriptor(int& descriptor) {
    if (descriptor >= 0) {
        ::close(std::exchange(descriptor, -1));
    }
}

std::string advice(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return "free some space or name another place";
        case EACCES:
        case EPERM:
        case EROFS:
            return "name a folder that you may write to";
        case ENOENT:
        case ENOTDIR:
            return "create the folder first";
        case EEXIST:
            return "name another file, or allow it to be overwritten (--force)";
        case EAGAIN:
            return "another run is writing it; wait for that, or name another file";
        default:
            return "name another place";
    }
}

// An open-file-description lock: it lives as long as the descriptor, and does not meet the flock() of HDF5's readers.
// Errors other than a conflict (a file system without locks) are let pass.
bool lock(int descriptor, short type) {
    struct flock range {};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    return fcntl(descriptor, F_OFD_SETLK, &range) == 0 || (errno != EAGAIN && errno != EACCES);
}

bool same_file(int descriptor, const std::filesystem::path& path) {
    struct stat a {};
    struct stat b {};
    return fstat(descriptor, &a) == 0 && stat(path.c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Returns 0, or what the system said.
int copy_bytes(int from, int to) {
    if (ioctl(to, FICLONE, from) == 0) {
        return 0;
    }
    off_t read_at = 0;
    off_t write_at = 0;
    ssize_t n = 0;
    while ((n = copy_file_range(from, &read_at, to, &write_at, std::size_t{1} << 30, 0)) > 0) {
    }
    if (n == 0) {
        return 0;
    }
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) {
        return errno;
    }
    std::vector<char> buffer(std::size_t{1} << 20);
    for (off_t at = 0; (n = pread(from, buffer.data(), buffer.size(), at)) != 0;) {
        if (n < 0) {
            return errno;
        }
        for (ssize_t done = 0; done < n;) {
            const ssize_t m = pwrite(to, buffer.data() + done, static_cast<std::size_t>(n - done), at + done);
            if (m <= 0) {
                return m < 0 ? errno : EIO;
            }
            done += m;
        }
        at += n;
    }
    return 0;
}

}  // namespace

CommitFile::CommitFile(const std::filesystem::path& path, bool overwrite) : path_(path), overwrite_(overwrite) {
    std::error_code ignored;
    const auto status = std::filesystem::status(path_, ignored);
    if (path_.filename().empty() || (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))) {
        throw InputError(fmt::format("{}: not a regular file; name a file to write to", path.string()));
    }
    if (std::filesystem::exists(status)) {
        if (!overwrite_) {
            fail(EEXIST);
        }
        path_ = std::filesystem::canonical(path_, ignored);
    }
    part_ = path_;
    part_.replace_filename("." + path_.filename().string() + ".part");
}

CommitFile::~CommitFile() {
    discard();
    close_descriptor(committed_);
}

int CommitFile::working_copy() {
    if (working_ < 0) {
        working_ = open_locked();
        if (working_ < 0) {
            fail(errno);
        }
        if (ftruncate(working_, 0) != 0) {
            fail(errno);
        }
        copy_committed();
    }
    return working_;
}

int CommitFile::open_locked() const {
    // Between the opening and the lock the owner may have renamed the file: then it is no longer ours to write.
    for (int attempt = 0; attempt < 100; ++attempt) {
        int descriptor = ::open(part_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (descriptor < 0) {
            return -1;
        }
        if (!lock(descriptor, F_WRLCK)) {
            close_descriptor(descriptor);
            break;
        }
        if (same_file(descriptor, part_)) {
            return descriptor;
        }
        close_descriptor(descriptor);
    }
    errno = EAGAIN;
    return -1;
}

void CommitFile::copy_committed() {
    if (committed_ >= 0) {
        if (const int error = copy_bytes(committed_, working_); error != 0) {
            fail(error);
        }
    }
}

void CommitFile::commit() {
    const bool first = committed_ < 0;
    int status = -1;
    if (first && !overwrite_) {
        status = renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
        if (status != 0 && errno == EINVAL) {  // a file system that cannot: look, then rename
            if (faccessat(AT_FDCWD, path_.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
                fail(EEXIST);
            }
            status = std::rename(part_.c_str(), path_.c_str());
        }
    } else {
        status = std::rename(part_.c_str(), path_.c_str());
    }
    if (status != 0) {
        fail(errno);
    }
    lock(working_, F_UNLCK);
    close_descriptor(committed_);
    committed_ = std::exchange(working_, -1);
}

void CommitFile::discard() {
    if (working_ >= 0) {
        ::unlink(part_.c_str());
        close_descriptor(working_);
    }
}

void CommitFile::fail(int error) {
    discard();
    throw InputError(fmt::format("{}: cannot be written ({}){}; {}", path_.string(),
                                 std::generic_category().message(error),
                                 committed_ >= 0 ? "; it keeps what was committed before" : "", advice(error)));
}

}  // namespace axfire
