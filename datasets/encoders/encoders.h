// SPDX-License-Identifier: Apache-2.0
// The encoders: each turns a sample that fits it (as encode() checks) into input over time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "datasets/sample.h"

namespace axfire::encoders {

/// What every encoder gets. The sample holds address events below `size`, or [size] or [frames][size] values with
/// frames >= options.steps.
struct Job {
    const Sample& sample;
    std::size_t size;
    std::uint64_t sample_index;
    const EncoderOptions& options;

    /// The values of one step: [size].
    const float* frame(std::uint32_t step) const {
        return sample.values.data() + (sample.frames == 0 ? 0 : step * size);
    }
};

// Each fills the fields of `out` beyond label and steps.
void encode_address_events(const Job& job, EncodedSample& out);
void encode_value_events(const Job& job, EncodedSample& out);
void encode_direct(const Job& job, EncodedSample& out);
void encode_poisson(const Job& job, EncodedSample& out);
void encode_latency(const Job& job, EncodedSample& out);

/// Notes that the next spike of `out` belongs to the next step. Throws InputError for more spikes than 32 bits count.
void begin_step(EncodedSample& out);

}  // namespace axfire::encoders
