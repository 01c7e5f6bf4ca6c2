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
    /// What comes from the host.
    enum class Kind : unsigned char {
        events,         ///< of all steps
        values,         ///< of each step, or constant
        probabilities,  ///< that an input spikes in a step, or constant; the device draws
    };

    DeviceInput(Kind kind, std::size_t size, u32 steps, u64 seed, std::size_t block_words)
        : kind_(kind), size_(size), steps_(steps), seed_(seed), block_words_(block_words) {}

    /// What brings a step's input to `out`, [size] for each sample.
    void describe(DeviceProgram& program, u32* out);

    /// Takes the samples of the next batch and begins to upload them. The batch before must be in the stream already.
    void send(std::vector<EncodedSample> samples);
    bool draws() const { return kind_ == Kind::probabilities; }
    std::size_t count() const { return samples_.size(); }
    u32 first_sample() const { return static_cast<u32>(samples_.front().sample_index); }
    /// All steps have the same input.
    bool is_constant() const { return constant_ && kind_ == Kind::values; }

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

    Kind kind_;
    std::size_t size_;
    u32 steps_;
    u64 seed_;  ///< of what is drawn
    std::size_t block_words_;
    cuda::Stream stream_;
    Buffer buffers_[2];
    unsigned turn_ = 0;  ///< the buffer that was filled last
    std::vector<EncodedSample> samples_;
    bool constant_ = false;     ///< one step's values serve all
    u32* values_ = nullptr;     ///< where a step's values or probabilities go
    u32* addresses_ = nullptr;  ///< device::EventArrays
};

}  // namespace axfire
