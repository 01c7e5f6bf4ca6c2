// SPDX-License-Identifier: Apache-2.0
// A progress bar on standard error, where that is a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace axfire::cli {

class Progress {
public:
    Progress(std::size_t total, bool quiet);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Shows `done` of the total with a note behind it, at most ten times a second.
    void show(std::size_t done, const std::string& note);

private:
    std::size_t total_;
    bool active_;
    std::chrono::steady_clock::time_point start_;
    std::chrono::steady_clock::time_point shown_{};
};

}  // namespace axfire::cli
