// SPDX-License-Identifier: Apache-2.0
// A file that is replaced as a whole, again and again, so that it is complete at every moment.
#pragma once

#include <filesystem>

namespace axfire {

/// Work goes to a sibling of the file, `.<name>.part`; commit() renames it onto the path; the next work starts on a
/// copy. Whoever opens the path sees the last commit, whatever happens to this process. Two processes that write the
/// same path find each other by a lock on the sibling; that of a dead process is replaced.
class CommitFile {
public:
    /// Creates nothing yet. Throws InputError when `path` exists and overwrite is off, or is not a regular file. A
    /// symbolic link is followed: its target is replaced.
    CommitFile(const std::filesystem::path& path, bool overwrite);
    /// Removes the sibling.
    ~CommitFile();
    CommitFile(const CommitFile&) = delete;
    CommitFile& operator=(const CommitFile&) = delete;

    /// Descriptor of the working copy, open for reading and writing. Where there is none it is made: empty before the
    /// first commit, else a copy of the last commit (sharing its blocks where the file system can).
    /// Throws InputError when it cannot be made.
    int working_copy();
    bool has_working_copy() const { return working_ >= 0; }
    /// Puts the working copy in the place of the file. Throws InputError when the system refuses.
    void commit();
    /// Removes the working copy and throws InputError for what the system said.
    [[noreturn]] void fail(int error);

    const std::filesystem::path& path() const { return path_; }

private:
    int open_locked() const;
    void copy_committed();
    void discard();

    std::filesystem::path path_;
    std::filesystem::path part_;
    bool overwrite_;
    int working_ = -1;
    int committed_ = -1;  // kept open: the next copy does not depend on what others do to the path
};

}  // namespace axfire
