// SPDX-License-Identifier: Apache-2.0
// The shared memory of a block, and who touched each word of it since the last barrier.
#pragma once

#include <string>
#include <vector>

#include "tests/support/cuda_double/ptx/program.h"

namespace axfire::cuda_double {

/// A thread at a time that counts the barriers of its block and those of its warp.
struct Toucher {
    u32 epoch = 0;
    u32 warp_epoch = 0;
    u16 warp = 0;
    u16 lane = 0;
};

/// Two threads touch a word in one epoch, one of them writes, and it is not an atomic operation of both: a race.
/// Threads that write the same value do not race.
class SharedMemory {
public:
    static constexpr u16 kMany = 0xffff;

    /// For a new block. `granule` is the size of the words that are watched: 1, 2 or 4 bytes.
    void reset(u32 bytes, u32 granule);
    u32 size() const { return size_; }
    void pass_barrier() { ++epoch_; }
    u32 epoch() const { return epoch_; }

    /// These take ranges inside. They return what is wrong, or "".
    std::string read(u32 offset, u32 bytes, const Toucher& who, void* value) {
        return touch<false>(offset, bytes, who, value);
    }
    std::string write(u32 offset, u32 bytes, const Toucher& who, const void* value) {
        return touch<true>(offset, bytes, who, const_cast<void*>(value));
    }
    /// Notes an atomic operation.
    std::string atomic(u32 offset, u32 bytes, const Toucher& who);
    /// The bytes, unwatched.
    u8* data(u32 offset) { return bytes_.data() + offset; }

private:
    struct Cell {
        Toucher writer;
        Toucher reader;
        bool is_atomic = false;  ///< the writer
    };
    template <bool kWrites>
    std::string touch(u32 offset, u32 bytes, const Toucher& who, void* value);

    std::vector<u8> bytes_;
    std::vector<Cell> cells_;
    u32 size_ = 0;
    u32 shift_ = 2;
    u32 epoch_ = 0;
};

}  // namespace axfire::cuda_double
