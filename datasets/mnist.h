// SPDX-License-Identifier: Apache-2.0
// MNIST and the data sets of the same files, such as Fashion-MNIST.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "datasets/sample.h"

namespace axfire {

enum class Split { train, test };

/// Opens the images and labels of one split in a folder: {train,t10k}-images-idx3-ubyte and ...-labels-idx1-ubyte, with
/// a '.' in place of either of the last two '-' and with or without .gz. Values are pixel / 255 in binary32; the shape
/// is {1,height,width}, or `input_shape` where that only adds or merges axes. Throws InputError that names the file;
/// `missing_hint` is added when one is not there.
std::unique_ptr<Dataset> open_mnist(const std::filesystem::path& folder, Split split,
                                    const std::vector<std::size_t>& input_shape, const std::string& missing_hint);

}  // namespace axfire
