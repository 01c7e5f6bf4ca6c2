// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/guarded_read.h"

#include "engine/formats/probe.h"

namespace axfire {

Network guarded_read(const std::filesystem::path& file, const std::function<Network()>& read) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    const double megabytes = error ? 0 : static_cast<double>(size) * 1e-6;
    ProbeLimits limits;
    limits.cpu_seconds = 4 + megabytes / 5;
    limits.wall_seconds = 60 + 2 * megabytes;
    // A healthy file of compressed weights needs tens of times its size.
    limits.extra_bytes = (std::size_t{1} << 30) + (error ? 0 : 64 * static_cast<std::size_t>(size));
    require_success(probe_in_child([&] { read(); }, limits), file.string());
    return read();
}

}  // namespace axfire
