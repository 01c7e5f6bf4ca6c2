// SPDX-License-Identifier: Apache-2.0
// What is wanted of every step, set aside on the device and fetched in blocks of steps.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "engine/backend/cuda/device.h"

namespace axfire {

/// Two blocks take turns: while the device fills one the host looks at the other. Their size bounds what recording
/// holds, however many steps there are.
class DeviceRecording {
public:
    struct Array {
        const u32* from;
        std::size_t words;
    };
    /// Gets the arrays of a step, in their order.
    using Look = std::function<void(u32 t, std::span<const u32* const> arrays)>;

    explicit DeviceRecording(std::size_t block_words) : block_words_(block_words) {}

    /// Of a batch; `look` is called for every step in turn, at the latest by end().
    void begin(const std::vector<Array>& arrays, u32 steps, Look look);
    /// Puts into the stream the copies of what step t has left.
    void take(u32 t, const cuda::Stream& work);
    /// Waits for what is left.
    void end();

private:
    struct Block {
        cuda::Memory memory;
        cuda::HostMemory host;
        u32 first = 0, steps = 0;  ///< that wait to be looked at
        cuda::Event fetched;
    };
    void reserve(u32 steps);
    void look_at(Block& block);

    std::vector<Array> arrays_;
    std::size_t block_words_;
    std::size_t words_ = 0;  ///< of a step
    std::size_t room_ = 0;   ///< words of a block
    u32 block_steps_ = 0;
    u32 steps_ = 0;
    Look look_;
    Block blocks_[2];
};

}  // namespace axfire
