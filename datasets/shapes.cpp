// SPDX-License-Identifier: Apache-2.0
#include "datasets/shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace axfire::datasets {

Shape adopt_shape(const Shape& native, const Shape& wanted) {
    auto axis = native.begin();
    for (const std::size_t length : wanted) {
        std::size_t merged = 1;
        while (merged < length && axis != native.end()) {
            merged *= *axis++;
        }
        if (merged != length) {
            return native;
        }
    }
    while (axis != native.end() && *axis == 1) {
        ++axis;
    }
    return axis == native.end() && !wanted.empty() ? wanted : native;
}

std::string shape_text(const Shape& shape) {
    return fmt::format("[{}]", fmt::join(shape, ","));
}

}  // namespace axfire::datasets
