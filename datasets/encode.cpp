// SPDX-License-Identifier: Apache-2.0
// Names of the encodings, and what each needs of a sample.
#include <fmt/format.h>

#include <limits>
#include <string>

#include "arith/error.h"
#include "datasets/encoders/encoders.h"
#include "datasets/sample.h"

namespace axfire {

namespace {

using Encoder = void (*)(const encoders::Job&, EncodedSample&);

/// One encoding: its encoder for each sort of sample, null where it does not fit.
struct EncodingEntry {
    Encoding encoding;
    const char* name;
    Encoder address_events;
    Encoder constant_values;
    Encoder frames;
};

constexpr EncodingEntry kEncodings[] = {
    {Encoding::events, "events", encoders::encode_address_events, encoders::encode_value_events,
     encoders::encode_value_events},
    {Encoding::direct, "direct", nullptr, encoders::encode_direct, encoders::encode_direct},
    {Encoding::poisson, "poisson", nullptr, encoders::encode_poisson, encoders::encode_poisson},
    {Encoding::latency, "latency", nullptr, encoders::encode_latency, nullptr},
};

/// The names of the encodings that `fits` accepts, separated by ", ".
template <class Predicate>
std::string names_where(Predicate fits) {
    std::string names;
    for (const EncodingEntry& entry : kEncodings) {
        if (fits(entry)) {
            names += names.empty() ? "" : ", ";
            names += entry.name;
        }
    }
    return names;
}

/// The encoder of an encoding for a sort of sample.
Encoder encoder_for(Encoding encoding, Encoder EncodingEntry::*sort, const char* sort_name) {
    for (const EncodingEntry& entry : kEncodings) {
        if (entry.encoding == encoding && entry.*sort != nullptr) {
            return entry.*sort;
        }
    }
    throw InputError(fmt::format("encoding '{}' does not fit {}; those that do: {}", to_string(encoding), sort_name,
                                 names_where([&](const EncodingEntry& entry) { return entry.*sort != nullptr; })));
}

}  // namespace

namespace encoders {

void begin_step(EncodedSample& out) {
    if (out.index.size() > std::numeric_limits<std::uint32_t>::max()) {
        throw InputError(
            fmt::format("{} input spikes in one sample are more than 4294967295; use fewer steps", out.index.size()));
    }
    out.step_begin.push_back(static_cast<std::uint32_t>(out.index.size()));
}

}  // namespace encoders

const char* to_string(Encoding encoding) {
    for (const EncodingEntry& entry : kEncodings) {
        if (entry.encoding == encoding) {
            return entry.name;
        }
    }
    return "unknown";
}

Encoding parse_encoding(std::string_view name) {
    for (const EncodingEntry& entry : kEncodings) {
        if (entry.name == name) {
            return entry.encoding;
        }
    }
    throw InputError(
        fmt::format("unknown encoding '{}'; known: {}", name, names_where([](const EncodingEntry&) { return true; })));
}

EncodedSample encode(const Sample& sample, std::size_t size, std::uint64_t sample_index,
                     const EncoderOptions& options) {
    if (options.steps == 0 || options.steps == std::numeric_limits<std::uint32_t>::max()) {
        throw InputError(fmt::format("{} steps are out of range; allowed are 1 to 4294967294", options.steps));
    }
    EncodedSample out;
    out.label = sample.label;
    out.steps = options.steps;
    out.sample_index = sample_index;
    const encoders::Job job{sample, size, sample_index, options};
    if (sample.values.empty()) {
        encoder_for(options.encoding, &EncodingEntry::address_events, "address events")(job, out);
        return out;
    }
    const std::uint64_t frames = sample.frames == 0 ? 1 : sample.frames;
    if (size == 0 || sample.values.size() / size != frames || sample.values.size() % size != 0) {
        throw InputError(fmt::format("the sample has {} values in {} frames, but the network's input has {} elements",
                                     sample.values.size(), frames, size));
    }
    if (sample.frames == 0) {
        encoder_for(options.encoding, &EncodingEntry::constant_values, "values without a time axis")(job, out);
        return out;
    }
    const Encoder encoder = encoder_for(options.encoding, &EncodingEntry::frames, "values with a time axis");
    if (sample.frames < options.steps) {
        throw InputError(fmt::format("the sample has {} frames, but the run has {} steps; use at most {} steps",
                                     sample.frames, options.steps, sample.frames));
    }
    encoder(job, out);
    return out;
}

}  // namespace axfire
