// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/recording.h"

#include <algorithm>

namespace axfire {

void DeviceRecording::begin(const std::vector<Array>& arrays, u32 steps, Look look) {
    arrays_ = arrays;
    look_ = std::move(look);
    steps_ = steps;
    words_ = 0;
    for (const Array& array : arrays_) {
        words_ += array.words;
    }
    if (words_ != 0) {
        reserve(static_cast<u32>(std::clamp<std::size_t>(block_words_ / words_, 1, steps)));
    }
}

/// Blocks of so many steps, or fewer where the device has no room for them.
void DeviceRecording::reserve(u32 steps) {
    for (;; steps /= 2) {
        block_steps_ = steps;
        const std::size_t room = steps * words_;
        if (room <= room_) {
            return;
        }
        room_ = 0;
        try {
            for (Block& block : blocks_) {
                block.memory = cuda::Memory();  // before there is another
                block.memory = cuda::Memory(room * sizeof(u32));
                block.host = cuda::HostMemory(room * sizeof(u32));
            }
            room_ = room;
            return;
        } catch (const cuda::Error& error) {
            if (error.code != cuda::kOutOfMemory || steps == 1) {
                throw;
            }
        }
    }
}

void DeviceRecording::take(u32 t, const cuda::Stream& work) {
    if (words_ == 0) {
        return;
    }
    Block& block = blocks_[t / block_steps_ % 2];
    const u32 place = t % block_steps_;
    if (place == 0) {
        look_at(block);
        block.first = t;
    }
    cuda::Address to = block.memory.address() + place * words_ * sizeof(u32);
    for (const Array& array : arrays_) {
        AXFIRE_CUDA(cuMemcpyDtoDAsync, to, reinterpret_cast<cuda::Address>(array.from), array.words * sizeof(u32),
                    work.handle());
        to += array.words * sizeof(u32);
    }
    if (place + 1 == block_steps_ || t + 1 == steps_) {
        block.steps = place + 1;
        AXFIRE_CUDA(cuMemcpyDtoHAsync, block.host.words(), block.memory.address(), block.steps * words_ * sizeof(u32),
                    work.handle());
        work.record(block.fetched);
    }
}

void DeviceRecording::look_at(Block& block) {
    if (block.steps == 0) {
        return;
    }
    block.fetched.synchronize();
    std::vector<const u32*> at(arrays_.size());
    const u32* from = block.host.words();
    for (u32 i = 0; i < block.steps; ++i) {
        for (std::size_t a = 0; a < arrays_.size(); ++a) {
            at[a] = from;
            from += arrays_[a].words;
        }
        look_(block.first + i, at);
    }
    block.steps = 0;
}

void DeviceRecording::end() {
    const std::size_t earlier = blocks_[1].steps != 0 && blocks_[1].first < blocks_[0].first ? 1 : 0;
    look_at(blocks_[earlier]);
    look_at(blocks_[earlier ^ 1]);
}

}  // namespace axfire
