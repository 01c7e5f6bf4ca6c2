// SPDX-License-Identifier: Apache-2.0
// The inputs of the batches that a device works through, brought there while it is at the batch before.
#pragma once

#include <span>
#include <vector>

#include "engine/simulation/device/program.h"
#include "engine/simulation/simulation.h"

namespace axfire {

/// Two buffers take turns: one is filled, on a stream of its own, while the other is read. A buffer holds the events of
/// a whole batch, or its values for as many steps as have room.
class DeviceInput {
public:
    DeviceInput(bool events, std::size_t size, u32 steps, std::size_t block_words)
        : events_(events), size_(size), steps_(steps), block_words_(block_words) {}

    /// What brings a step's input to `out`, [size] for each sample.
    void describe(DeviceProgram& program, u32* out);

    /// Takes the samples of the next batch and begins to upload them. The batch before must be in the stream already.
    void send(std::vector<EncodedSample> samples);
    std::size_t count() const { return samples_.size(); }
    u32 first_sample() const { return static_cast<u32>(samples_.front().sample_index); }
    /// All steps have the same values.
    bool is_constant() const { return constant_; }

    /// Puts into the stream what comes before the program's part of step t, one after the other.
    void bring(u32 t, const cuda::Stream& work);
    /// ... and what comes after it.
    void end(u32 t, const cuda::Stream& work);

private:
    struct Buffer {
        cuda::HostMemory staging;
        cuda::Memory memory;
        std::size_t words = 0;
        u32 first = 0, steps = 0;  ///< that it holds
        cuda::Event sent, used;
    };
    void upload(u32 first);
    void reserve(Buffer& buffer, std::size_t words);
    std::size_t put_events(Buffer& buffer);
    std::size_t put_values(Buffer& buffer);

    bool events_;
    std::size_t size_;
    u32 steps_;
    std::size_t block_words_;
    cuda::Stream stream_;
    Buffer buffers_[2];
    unsigned turn_ = 0;  ///< the buffer that was filled last
    std::vector<EncodedSample> samples_;
    bool constant_ = false;
    u32* out_ = nullptr;
    u32* addresses_ = nullptr;  ///< device::EventArrays
};

}  // namespace axfire
