// SPDX-License-Identifier: Apache-2.0
// A heat map: values over the cells of a plane, as colours, with axes and a colour scale.
#pragma once

#include <string>
#include <vector>

#include "engine/report/svg.h"

namespace axfire {

struct HeatMapAxis {
    std::string label;
    svg::Range range;                  ///< at the outer edges of the first and the last cell
    std::vector<std::string> names{};  ///< of the cells, where they have names rather than numbers
};

struct HeatMap {
    std::string title;
    HeatMapAxis x;
    HeatMapAxis y;
    std::string value_label;
    std::size_t columns = 0;
    std::size_t rows = 0;
    std::vector<double> values;  ///< [rows][columns], row 0 at the bottom; NaN: the cell is left grey
};

/// An SVG picture; colours go from 0 to the largest value.
std::string heat_map_svg(const HeatMap& map);

}  // namespace axfire
