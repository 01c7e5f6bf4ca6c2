// SPDX-License-Identifier: Apache-2.0
// Spiking Heidelberg Digits: spoken digits as the spikes of 700 cochlear channels.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "datasets/sample.h"

namespace axfire {

/// Opens an HDF5 file with, for each of N recordings, a list of times in /spikes/times (floats, seconds), a list of the
/// same length of units in /spikes/units (integers, 0 to 699) and a number in /labels (0 to 19; 65535: no label).
///
/// An event has the time rounded to the nearest us (ties to even) and the unit as its index; shape {700}, or
/// `input_shape` where that only adds axes of length 1. Recordings are read one by one as they are asked for; a sample
/// lasts as long as the longest, for which default_steps() reads all times.
///
/// Throws InputError that names the file: missing, not HDF5, an array missing or of another type or shape; when a
/// recording is read also lists of different length, and a time, unit or label out of range. Source: B. Cramer et al.,
/// "The Heidelberg spiking data sets for the systematic evaluation of spiking neural networks", IEEE TNNLS 33, 2022.
std::unique_ptr<Dataset> open_shd(const std::filesystem::path& path, const std::vector<std::size_t>& input_shape);

}  // namespace axfire
