// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/progress.h"

#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

namespace axfire::cli {

Progress::Progress(std::size_t total, bool quiet)
    : total_(total), active_(!quiet && isatty(STDERR_FILENO) == 1), start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
    if (active_ && shown_ != std::chrono::steady_clock::time_point{}) {
        fmt::print(stderr, "\r\033[K");
    }
}

void Progress::show(std::size_t done, const std::string& note) {
    const auto now = std::chrono::steady_clock::now();
    if (!active_ || now - shown_ < std::chrono::milliseconds(100)) {
        return;
    }
    shown_ = now;
    constexpr std::size_t kWidth = 30;
    const std::size_t full = total_ == 0 ? kWidth : done * kWidth / total_;
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    const double left = done == 0 ? 0 : elapsed * static_cast<double>(total_ - done) / static_cast<double>(done);
    fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {}/{}  {}  {:.0f} s left\033[K", "", full, "", kWidth - full, done, total_,
               note, left);
    std::fflush(stderr);
}

}  // namespace axfire::cli
