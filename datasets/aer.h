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

/// Reads the events of a file in its order; each has index (polarity * height + y) * width + x, polarity 1 = ON.
///
/// A record is big-endian: x (8 bits), y (8), polarity (1), time in us (23). Times need not ascend.
/// Throws InputError that names the file: missing, empty, a size that is no multiple of 5, over 1 GiB, an event outside
/// the sensor. Source of the format: Orchard et al., "Converting static image datasets to spiking neuromorphic datasets
/// using saccades", Frontiers in Neuroscience 9, 2015.
std::vector<Event> read_aer(const std::filesystem::path& path, Sensor sensor);

}  // namespace axfire
