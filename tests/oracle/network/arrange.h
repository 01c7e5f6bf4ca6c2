// SPDX-License-Identifier: Apache-2.0
// Nodes that only move what arrives: concat and rearrange. What did not arrive does not leave either.
#pragma once

#include "tests/oracle/network/synapse.h"

namespace axfire::oracle {

inline Values concatenated(const nodes::Concat& node, const std::vector<Values>& x, const std::vector<Shape>& shapes,
                           const Shape& shape) {
    const std::size_t axis = axis_of(node.axis, shape);
    const AxisView whole(shape, axis);
    Values out(element_count(shape));
    std::size_t first = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
        const AxisView part(shapes[k], axis);
        for (std::size_t outer = 0; outer < part.before; ++outer) {
            for (std::size_t here = 0; here < part.along; ++here) {
                for (std::size_t inner = 0; inner < part.behind; ++inner) {
                    out[whole.index(outer, first + here, inner)] = x[k][part.index(outer, here, inner)];
                }
            }
        }
        first += part.along;
    }
    return out;
}

/// What is filled in is a value, or no spike.
inline Values rearranged(const nodes::Rearrange& node, const Values& x, bool events) {
    Values out;
    for (const std::uint32_t source : node.source) {
        if (source != nodes::Rearrange::kFill) {
            out.push_back(x[source]);
        } else {
            out.push_back(events ? std::nullopt : std::optional(node.fill));
        }
    }
    return out;
}

}  // namespace axfire::oracle
