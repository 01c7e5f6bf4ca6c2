// SPDX-License-Identifier: Apache-2.0
// N-MNIST: recordings of a moving 34x34 event camera before MNIST digits, one folder a class.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "datasets/sample.h"

namespace axfire {

/// Opens a folder of class folders (named by the label) of *.bin recordings; samples are sorted by label, then file
/// name. Shape {2,34,34} = (OFF,ON), y, x; 340 ms a sample. Files and hidden entries beside the class folders are
/// ignored. Throws InputError for a missing or empty folder and for one whose name is not a number.
std::unique_ptr<Dataset> open_nmnist(const std::filesystem::path& folder, const std::vector<std::size_t>& input_shape);

}  // namespace axfire
