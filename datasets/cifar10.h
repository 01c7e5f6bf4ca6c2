// SPDX-License-Identifier: Apache-2.0
// CIFAR-10 in its binary version.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/mnist.h"

namespace axfire {

/// Opens a folder's test_batch.bin (`split` test, or none) or those of data_batch_1.bin to data_batch_5.bin that are
/// there, in this order (train); or one file of any name, without a split.
///
/// A file holds any number of records: a label byte 0 to 9, then the red, the green and the blue plane of 32x32 pixels,
/// row by row. Values are pixel / 255 in binary32; the shape is {3,32,32}, or `input_shape` where that only adds or
/// merges axes. The files are held in memory, a byte a pixel. Throws InputError that names the file: missing, empty, a
/// size that is no multiple of 3073, a label above 9, a split of a single file. Source of the format: A. Krizhevsky,
/// "Learning multiple layers of features from tiny images", 2009, and its page.
std::unique_ptr<Dataset> open_cifar10(const std::filesystem::path& path, std::optional<Split> split,
                                      const std::vector<std::size_t>& input_shape);

}  // namespace axfire
