// SPDX-License-Identifier: Apache-2.0
// What the reader of a data set gives, and what an encoder makes of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace axfire {

inline constexpr std::int32_t kNoLabel = -1;

/// One address event of a sensor.
struct Event {
    std::uint32_t time_us;
    std::uint32_t
        index;  ///< into the sensor's shape in C order: (polarity * height + y) * width + x, or a unit's number
};

/// One recording or image, as it is in the file.
struct Sample {
    std::int32_t label = kNoLabel;
    std::vector<Event> events;  ///< event sensors; in the order of the file
    std::vector<float> values;  ///< others: [size], or [frames][size] where the data set has a time axis
    std::uint32_t frames = 0;   ///< 0: no time axis
};

/// A collection of samples; reading one is thread-safe.
class Dataset {
public:
    virtual ~Dataset() = default;
    virtual std::size_t size() const = 0;
    /// Shape of one sample (of one frame, where there is a time axis), as the input node must have it.
    virtual const std::vector<std::size_t>& shape() const = 0;
    /// True for address events, false for analog values.
    virtual bool has_events() const = 0;
    /// Steps of one sample when the user gives none; 0 where the data set has no opinion.
    virtual std::uint32_t default_steps(double dt_ms) const = 0;
    /// Throws InputError with the file's name for a file that cannot be read, is truncated or is out of range.
    virtual Sample load(std::size_t i) const = 0;
};

/// Opens what a SPEC such as `nmnist:DIR` or `mnist:DIR:train` names; known_data_specs() lists them. `input_shape` is
/// the shape of the network's input node ({} if unknown): `hdf5:` needs it to tell a time axis from a shape, `events:`
/// takes the size of the sensor from it, and all others take it where it only adds axes of length 1 or merges axes
/// ([28,28], [1,28,28], [784]).
/// Throws InputError; the text lists the known kinds for an unknown one.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, const std::vector<std::size_t>& input_shape);

/// The forms of a data SPEC, separated by ", ".
std::string known_data_specs();

/// The file of a SPEC that the HDF5 library reads, which a damaged file may crash; nothing for any other SPEC.
std::optional<std::string> hdf5_file_of(const std::string& spec);

enum class Encoding : std::uint8_t {
    events,   ///< address events, binned into steps; of analog values: each nonzero one of the step, as its amplitude
    direct,   ///< the analog value in every step (or the frame of the step)
    poisson,  ///< a spike in each step with probability min(1, value * rate_scale)
    latency,  ///< one spike, the earlier the larger the value
};

/// "events", "direct", "poisson", "latency".
const char* to_string(Encoding encoding);
/// The encoding of that name. Throws InputError that lists them for an unknown one.
Encoding parse_encoding(std::string_view name);

/// The amplitude of several events of one pixel in one step.
enum class BinEvents : std::uint8_t {
    count,   ///< their number
    binary,  ///< one
};

struct EncoderOptions {
    Encoding encoding = Encoding::direct;
    BinEvents bin_events = BinEvents::count;
    std::uint32_t steps = 1;
    double dt_ms = 1.0;  ///< taken to the nearest picosecond
    std::uint64_t seed = 0;
    double rate_scale = 1.0;   ///< poisson: spikes per step at value 1
    bool draws_later = false;  ///< poisson: only the probabilities, as `values`; whoever runs the sample draws
};

/// A sample as the input node emits it, step by step.
struct EncodedSample {
    std::int32_t label = kNoLabel;
    std::uint32_t steps = 0;
    // Spikes: those of step t are [step_begin[t], step_begin[t + 1]), by ascending index, each index once.
    std::vector<std::uint32_t> step_begin;  ///< empty for analog input
    std::vector<std::uint32_t> index;
    std::vector<float> amplitude;  ///< same length as index; 1 for a plain spike
    // Analog values.
    std::vector<float> values;  ///< [size] when constant, else [steps][size]
    bool constant = false;
    std::uint64_t dropped = 0;       ///< address events at or after the end of the last step, which no step holds
    std::uint64_t sample_index = 0;  ///< in the data set
};

/// Encodes sample number `sample_index` (which, with the seed, fixes the random numbers of poisson). `size` is the
/// number of elements of one frame.
///
/// events: step floor(time / dt), exact for a dt of whole picoseconds.
/// direct, events of analog values, poisson: a sample with a time axis gives frame t to step t; frames past the last
/// step are not used.
/// poisson: uniform number (step * size + element) of subsequence `sample_index`; a spike if it is <= p, with
/// p = min(1, value * rate_scale) formed in binary64 and rounded to binary32; negative and NaN values never spike.
/// latency: step floor((1 - min(1, value)) * (steps - 1) + 1/2) in binary64; no spike for value <= 0 and NaN.
///
/// Throws InputError for an encoding that does not fit the sample (naming those that do), fewer frames than steps, a
/// sample of another size, and options out of range.
EncodedSample encode(const Sample& sample, std::size_t size, std::uint64_t sample_index, const EncoderOptions& options);

}  // namespace axfire
