// SPDX-License-Identifier: Apache-2.0
// The data that a command is given.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "datasets/sample.h"
#include "engine/network/network.h"

namespace axfire::cli {

/// Shape of the network's input.
const Shape& input_shape(const Network& network);

/// Opens a data SPEC for a network whose input has that shape, shifted and scaled where mean or deviation is given. A
/// damaged HDF5 file may crash the library: a child process tries it first. Throws InputError, also where the samples
/// do not have as many elements as the input.
std::unique_ptr<Dataset> open_data(const std::string& spec, const Shape& shape, const std::vector<double>& mean,
                                   const std::vector<double>& deviation);

}  // namespace axfire::cli
