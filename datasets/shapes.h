// SPDX-License-Identifier: Apache-2.0
// Shapes of samples against shapes of input nodes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace axfire::datasets {

using Shape = std::vector<std::size_t>;

/// `wanted` if it differs from `native` only by axes of length 1 and by merged neighbouring axes (so that the C order
/// of the elements is kept), else `native`.
Shape adopt_shape(const Shape& native, const Shape& wanted);

/// "[2,34,34]".
std::string shape_text(const Shape& shape);

}  // namespace axfire::datasets
