// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/input.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace axfire {

using cuda::Address;

namespace {

constexpr std::size_t kAddressWords = 16;  // before the events: EventArrays, aligned

u32 bits_of(float x) {
    return std::isnan(x) ? kCanonicalNan : std::bit_cast<u32>(x);
}

}  // namespace

void DeviceInput::describe(DeviceProgram& program, u32* out) {
    const u32 size = static_cast<u32>(size_);
    if (kind_ == Kind::events) {
        static_assert(sizeof(device::EventArrays) <= kAddressWords * sizeof(u32));
        addresses_ = program.array(kAddressWords, 0);  // the first sample's serves all
        program.fill(out, size_, kAbsent);
        const auto* const events = reinterpret_cast<const device::EventArrays*>(addresses_);
        program.launch("FeedEvents", device::FeedArgs{size, steps_, events, out}, 256, DeviceProgram::When::in_step,
                       256);
        return;
    }
    program.plan(std::size(buffers_) * program.samples() * padded(size) * sizeof(u32));
    values_ = out;
    if (kind_ == Kind::probabilities) {
        values_ = program.array(size_, 0);
        program.launch("DrawPoisson", device::PoissonArgs{size, seed_, reinterpret_cast<const float*>(values_), out},
                       size_);
    }
}

void DeviceInput::send(std::vector<EncodedSample> samples) {
    samples_ = std::move(samples);
    constant_ = kind_ != Kind::events &&
                std::all_of(samples_.begin(), samples_.end(), [](const auto& s) { return s.constant; });
    upload(0);
}

/// Fills the other buffer with the steps from `first` on.
void DeviceInput::upload(u32 first) {
    Buffer& buffer = buffers_[turn_ ^ 1];
    buffer.sent.synchronize();  // what it was filled from last
    buffer.first = first;
    const std::size_t words = kind_ == Kind::events ? put_events(buffer) : put_values(buffer);
    stream_.wait_for(buffer.used);
    AXFIRE_CUDA(cuMemcpyHtoDAsync, buffer.memory.address(), buffer.staging.words(), words * sizeof(u32),
                stream_.handle());
    stream_.record(buffer.sent);
    turn_ ^= 1;
}

void DeviceInput::reserve(Buffer& buffer, std::size_t words) {
    if (words > buffer.words) {
        buffer.used.synchronize();
        buffer.words = 0;
        buffer.memory = cuda::Memory();  // before there is another
        buffer.staging = cuda::HostMemory();
        const std::size_t room = kind_ == Kind::events ? words + words / 4 : words;
        buffer.memory = cuda::Memory(room * sizeof(u32));
        buffer.staging = cuda::HostMemory(room * sizeof(u32));
        buffer.words = room;
    }
}

/// Addresses; [count][padded(steps + 1)]: where a step's events begin; their indices; their amplitudes.
std::size_t DeviceInput::put_events(Buffer& buffer) {
    std::size_t events = 0;
    for (const EncodedSample& sample : samples_) {
        events += sample.index.size();
    }
    const std::size_t stride = padded(steps_ + 1);
    const std::size_t begins = samples_.size() * stride;
    const std::size_t words = kAddressWords + begins + 2 * events;
    reserve(buffer, words);
    u32* const begin = buffer.staging.words() + kAddressWords;
    u32* index = begin + begins;
    u32* amplitude = index + events;
    const Address at = buffer.memory.address() + kAddressWords * sizeof(u32);
    const Address addresses[] = {at, at + begins * sizeof(u32), at + (begins + events) * sizeof(u32)};
    std::memcpy(buffer.staging.words(), addresses, sizeof addresses);
    u32 before = 0;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
        const EncodedSample& sample = samples_[i];
        std::fill_n(begin + i * stride, stride, 0);
        for (u32 t = 0; t <= steps_; ++t) {
            begin[i * stride + t] = before + sample.step_begin[t];
        }
        before += static_cast<u32>(sample.index.size());
        index = std::copy(sample.index.begin(), sample.index.end(), index);
        amplitude = std::transform(sample.amplitude.begin(), sample.amplitude.end(), amplitude,
                                   [](float a) { return std::bit_cast<u32>(a); });
    }
    buffer.steps = steps_;
    return words;
}

/// [steps][count][padded(size)]
std::size_t DeviceInput::put_values(Buffer& buffer) {
    const std::size_t stride = padded(static_cast<u32>(size_));
    const std::size_t words = samples_.size() * stride;  // of a step
    const std::size_t room = std::max<std::size_t>(block_words_ / words, 1);
    buffer.steps = constant_ ? 1 : static_cast<u32>(std::min<std::size_t>(room, steps_ - buffer.first));
    reserve(buffer, buffer.steps * words);
    u32* to = buffer.staging.words();
    for (u32 t = buffer.first; t < buffer.first + buffer.steps; ++t) {
        for (const EncodedSample& sample : samples_) {
            const float* const from = sample.values.data() + (sample.constant ? 0 : t * size_);
            std::fill(std::transform(from, from + size_, to, bits_of), to + stride, 0);
            to += stride;
        }
    }
    return buffer.steps * words;
}

void DeviceInput::bring(u32 t, const cuda::Stream& work) {
    if (t == buffers_[turn_].first + buffers_[turn_].steps && !constant_) {
        upload(t);
    }
    Buffer& buffer = buffers_[turn_];
    if (t == buffer.first) {
        work.wait_for(buffer.sent);
    }
    if (kind_ == Kind::events && t == 0) {
        AXFIRE_CUDA(cuMemcpyDtoDAsync, reinterpret_cast<Address>(addresses_), buffer.memory.address(),
                    kAddressWords * sizeof(u32), work.handle());
    } else if (kind_ != Kind::events && (t == 0 || !constant_)) {
        const std::size_t words = samples_.size() * padded(static_cast<u32>(size_));
        AXFIRE_CUDA(cuMemcpyDtoDAsync, reinterpret_cast<Address>(values_),
                    buffer.memory.address() + (t - buffer.first) * words * sizeof(u32), words * sizeof(u32),
                    work.handle());
    }
}

void DeviceInput::end(u32 t, const cuda::Stream& work) {
    const Buffer& buffer = buffers_[turn_];
    if (t + 1 == steps_ || (kind_ != Kind::events && !constant_ && t + 1 == buffer.first + buffer.steps)) {
        work.record(buffer.used);
    }
}

}  // namespace axfire
