// SPDX-License-Identifier: Apache-2.0
// Recordings of any event camera of up to 256x256 pixels, in the 5-byte records of aer.h.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "datasets/sample.h"

namespace axfire {

/// Opens one recording (of any file name, no label), a folder of *.bin and *.bs2 recordings (no labels, sorted by file
/// name), or a folder of class folders named by the label (sorted by label, then file name).
///
/// The sensor is that of an `input_shape` {2,H,W}; with any other, the smallest that holds the events of all
/// recordings, which are then read for it. Shape {2,height,width} = (OFF,ON), y, x. A sample lasts as long as the
/// longest recording.
///
/// Throws InputError that names the file or folder: missing, no recordings, recordings beside folders, a folder name
/// that is not a number, an input above 256x256; when a recording is read also what read_aer() throws.
std::unique_ptr<Dataset> open_events(const std::filesystem::path& path, const std::vector<std::size_t>& input_shape);

}  // namespace axfire
