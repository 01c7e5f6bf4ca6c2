// SPDX-License-Identifier: Apache-2.0
// Who touched each word of a memory, and whether what another thread does now is ordered after that.
#pragma once

#include <string>
#include <vector>

#include "tests/support/cuda_double/ptx/type.h"

namespace axfire::cuda_double {

/// A thread at a time. Epochs count the barriers of all blocks of all launches, warp epochs those of a warp.
struct Toucher {
    u32 epoch = 0;
    u32 warp_epoch : 18 = 0;
    u32 warp : 6 = 0;  ///< kMany: several
    u32 lane : 6 = 0;  ///< kMany: several
    u32 is_atomic : 1 = 0;

    static constexpr u32 kMany = 63;
};

/// The epochs of what runs.
struct Epochs {
    u32 launch = 1;  ///< the first of the launch
    u32 block = 1;   ///< the first of the block
    u32 now = 1;
};

/// A race: two threads touch a word with no barrier between, one of them writes, and not both by atomic operations.
/// Threads that write the same value do not race.
class RaceWatch {
public:
    /// Watches `bytes` in words of `granule` (1, 2 or 4) bytes from now on, if it does not do so.
    void watch(u64 bytes, u32 granule);
    bool is_watching(u32 granule) const { return !cells_.empty() && granule == granule_; }

    // They return what is wrong, or null; `other` is then the thread that was there before.
    const char* read(u64 offset, u32 bytes, const Toucher& who, const Epochs& epochs, Toucher& other);
    const char* write(u64 offset, u32 bytes, bool changes, const Toucher& who, const Epochs& epochs, Toucher& other);
    const char* atomic(u64 offset, u32 bytes, const Toucher& who, const Epochs& epochs, Toucher& other);

private:
    struct Cell {
        Toucher writer;
        Toucher reader;
    };

    std::vector<Cell> cells_;
    u32 granule_ = 0;
    u32 shift_ = 2;
};

/// "data race: it reads what was just written by thread 5 of the block"
std::string describe_race(const char* what, const Toucher& other, const Epochs& epochs);

}  // namespace axfire::cuda_double
