// SPDX-License-Identifier: Apache-2.0
// Any input at all, as a numeric data set of an HDF5 file.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "datasets/sample.h"

namespace axfire {

/// Opens a file with `/input` [N,T,<shape>] or [N,<shape>] of any integer, float or boolean type, converted to
/// binary32, and, if there is one, `/labels` [N] of any integer type (-1: no label). `input_shape` tells the two apart;
/// where it is
/// {}, there is no time axis. Samples are read one by one as they are asked for. A NaN becomes the quiet NaN
/// 0x7fc00000. Throws InputError that names the file: missing, not HDF5, no `/input`, a type or shape that does not
/// fit.
std::unique_ptr<Dataset> open_hdf5_dataset(const std::filesystem::path& path,
                                           const std::vector<std::size_t>& input_shape);

}  // namespace axfire
