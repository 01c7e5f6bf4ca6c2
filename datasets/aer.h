// SPDX-License-Identifier: Apache-2.0
// Address-event files of 5-byte records, as N-MNIST and DVS128 Gesture have them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "datasets/sample.h"

namespace axfire {

/// A sensor of width x height pixels with two polarities.
struct Sensor {
    std::uint32_t height;
    std::uint32_t width;
};

// A record is big-endian: x (8 bits), y (8), polarity (1), time in us (23). Times need not ascend. Source of the
// format: Orchard et al., "Converting static image datasets to spiking neuromorphic datasets using saccades", Frontiers
// in Neuroscience 9, 2015.
//
// All readers throw InputError that names the file: missing, empty, a size that is no multiple of 5, over 1 GiB.

inline constexpr std::uint32_t kMaxAerSide = 256;  // a coordinate has 8 bits

/// Reads the events of a file in its order; each has index (polarity * height + y) * width + x, polarity 1 = ON.
/// Throws InputError also for an event outside the sensor.
std::vector<Event> read_aer(const std::filesystem::path& path, Sensor sensor);

/// What the events of a file need.
struct AerExtent {
    Sensor sensor;          ///< the smallest that holds them all
    std::uint32_t last_us;  ///< the largest time
};
AerExtent measure_aer(const std::filesystem::path& path);

/// Throws unless the file is there and holds whole records; its events are not looked at.
void check_aer(const std::filesystem::path& path);

}  // namespace axfire
