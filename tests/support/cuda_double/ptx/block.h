// SPDX-License-Identifier: Apache-2.0
// A block of threads, and the grid that it is part of.
#pragma once

#include <memory>
#include <vector>

#include "tests/support/cuda_double/ptx/warp.h"

namespace axfire::cuda_double {

struct Dim3 {
    u32 x = 1;
    u32 y = 1;
    u32 z = 1;
    u64 count() const { return u64{x} * y * z; }
};

struct Launch {
    const Module* module = nullptr;
    const Function* kernel = nullptr;
    Dim3 grid;
    Dim3 block;
    u32 dynamic_shared_bytes = 0;
    std::vector<u8> parameters;
    DeviceMemory* memory = nullptr;
    int device = 0;
    u64 budget = 0;  ///< instructions of threads, after which the kernel counts as one that never ends

    u32 module_shared_base() const { return (kernel->shared_bytes + 15) / 16 * 16; }
    u32 dynamic_shared_base() const { return (module_shared_base() + module->shared_bytes + 15) / 16 * 16; }
    u32 shared_bytes() const { return dynamic_shared_base() + dynamic_shared_bytes; }
};

class Block {
public:
    explicit Block(const Launch& launch);
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    /// Runs the block with this index. Throws KernelError.
    void run(const Dim3& index);

    const Launch& launch;
    SharedMemory shared;
    Epochs epochs;
    Dim3 index;
    u64 executed = 0;      ///< instructions of threads
    u32 arrived[16] = {};  ///< threads that came to a barrier and did not wait

    Dim3 thread(u32 linear) const {
        return {linear % launch.block.x, linear / launch.block.x % launch.block.y,
                linear / launch.block.x / launch.block.y};
    }
    u32 threads() const { return static_cast<u32>(launch.block.count()); }

private:
    bool pass_barriers();
    [[noreturn]] void report_deadlock() const;

    std::vector<std::unique_ptr<Warp>> warps_;
};

/// Runs all blocks one after the other; returns the number of instructions of threads. Throws KernelError.
u64 run_grid(const Launch& launch);

}  // namespace axfire::cuda_double
