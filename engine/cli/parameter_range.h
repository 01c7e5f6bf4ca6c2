// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arith/unit.h"

namespace axfire::cli {

/// A parameter with its values in the pipeline of M fraction bits: "k 0..M+3 (required)".
std::string parameter_range(const ParameterInfo& parameter, bool adder);

}  // namespace axfire::cli
