// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/guarded_read.h"

#include "engine/formats/probe.h"

namespace axfire {

Network guarded_read(const std::filesystem::path& file, const std::function<Network()>& read) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    ProbeLimits limits;
    // A healthy file of compressed weights needs tens of times its size.
    limits.extra_bytes = (std::size_t{1} << 30) + (error ? 0 : 64 * static_cast<std::size_t>(size));
    require_success(probe_in_child([&] { read(); }, limits), file.string());
    return read();
}

}  // namespace axfire
