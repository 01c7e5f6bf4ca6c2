// SPDX-License-Identifier: Apache-2.0
// The shared memory of a block.
#pragma once

#include <vector>

#include "tests/support/cuda_double/ptx/program.h"
#include "tests/support/cuda_double/race_watch.h"

namespace axfire::cuda_double {

struct SharedMemory {
    std::vector<u8> bytes;
    RaceWatch watch;

    /// For a new block.
    void reset(u32 size, u32 granule) {
        bytes.assign(size, 0xcd);
        if (!watch.is_watching(granule)) {
            watch.watch(size, granule);
        }
    }
    u32 size() const { return static_cast<u32>(bytes.size()); }
    u8* data(u64 offset) { return bytes.data() + offset; }
};

}  // namespace axfire::cuda_double
