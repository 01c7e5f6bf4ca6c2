// SPDX-License-Identifier: Apache-2.0
#include "engine/report/heat_map.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace axfire {
namespace {

constexpr double kSide = 512;  // of the map; at most 64 cells of 8 pixels
constexpr double kTop = 48;
constexpr double kBottom = 60;
constexpr double kScaleGap = 28;
constexpr double kScaleWidth = 18;
constexpr double kRight = 96;
constexpr int kShades = 64;
constexpr std::string_view kAxis = R"(stroke="#333" stroke-width="1")";

/// Viridis at eighths: even to the eye, in print and with any colour vision (Smith and van der Walt, 2015, CC0).
constexpr int kViridis[9][3] = {{68, 1, 84},    {71, 44, 122}, {59, 81, 139},  {44, 113, 142}, {33, 144, 141},
                                {39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37}};

std::string shade_colour(int shade) {
    const double at = 8.0 * shade / (kShades - 1);
    const int below = std::min(static_cast<int>(at), 7);
    int rgb[3];
    for (int i = 0; i < 3; ++i) {
        const double step = kViridis[below + 1][i] - kViridis[below][i];
        rgb[i] = static_cast<int>(std::lround(kViridis[below][i] + (at - below) * step));
    }
    return fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

int shade_of(double value, double largest) {
    if (std::isnan(value)) {
        return -1;
    }
    return largest > 0 ? static_cast<int>(std::lround(value / largest * (kShades - 1))) : 0;
}

std::string rect(double x, double y, double width, double height, std::string_view style) {
    return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>\n", svg::number(x), svg::number(y),
                       svg::number(width), svg::number(height), style);
}

/// Neighbours of one shade in a row are one rectangle.
std::string cells(const svg::Box& plot, const HeatMap& map, double largest) {
    const double width = plot.width / static_cast<double>(map.columns);
    const double height = plot.height / static_cast<double>(map.rows);
    std::string result = "<g class=\"cells\" shape-rendering=\"crispEdges\">\n";
    for (std::size_t row = 0; row < map.rows; ++row) {
        const double y = plot.bottom() - static_cast<double>(row + 1) * height;
        for (std::size_t begin = 0, end; begin < map.columns; begin = end) {
            const auto shade = [&](std::size_t i) { return shade_of(map.values[row * map.columns + i], largest); };
            end = begin + 1;
            while (end < map.columns && shade(end) == shade(begin)) {
                ++end;
            }
            const int s = shade(begin);
            result += rect(plot.left + static_cast<double>(begin) * width, y, static_cast<double>(end - begin) * width,
                           height, fmt::format("fill=\"{}\"", s < 0 ? "#ddd" : shade_colour(s)));
        }
    }
    return result + "</g>\n";
}

std::string x_axis(const svg::Box& plot, const HeatMapAxis& axis) {
    std::string result;
    const std::vector<double> at = svg::ticks(axis.range, 8);
    for (const double value : at) {
        const double x = plot.left + (value - axis.range.low) / (axis.range.high - axis.range.low) * plot.width;
        result += svg::line(x, plot.bottom(), x, plot.bottom() + 4, kAxis);
        result += svg::text(x, plot.bottom() + 17, svg::tick_label(value, at), "middle");
    }
    return result + svg::text(plot.left + plot.width / 2, plot.bottom() + 38, axis.label, "middle");
}

std::string y_axis(const svg::Box& plot, const HeatMapAxis& axis) {
    std::string result;
    if (axis.names.empty()) {
        result = svg::left_axis(plot, axis.range, 8);
    }
    const std::size_t n = axis.names.size();
    const std::size_t every = n / 32 + 1;  // labels need 16 pixels
    for (std::size_t i = 0; i < n; i += every) {
        const double y = plot.bottom() - (static_cast<double>(i) + 0.5) / static_cast<double>(n) * plot.height;
        result += svg::line(plot.left - 4, y, plot.left, y, kAxis);
        result += svg::text(plot.left - 8, y + 4, axis.names[i], "end");
    }
    return result + fmt::format("<text transform=\"translate(18 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                                svg::number(plot.top + plot.height / 2), svg::escape(axis.label));
}

std::string scale(const svg::Box& bar, double largest, const std::string& label) {
    std::string result = "<g class=\"scale\" shape-rendering=\"crispEdges\">\n";
    for (int i = 0; i < kShades; ++i) {
        const double step = bar.height / kShades;
        result +=
            rect(bar.left, bar.bottom() - (i + 1) * step, bar.width, step, fmt::format("fill=\"{}\"", shade_colour(i)));
    }
    result += "</g>\n" + rect(bar.left, bar.top, bar.width, bar.height, fmt::format("fill=\"none\" {}", kAxis));
    const svg::Range range{0, largest > 0 ? largest : 1};
    const std::vector<double> at = largest > 0 ? svg::ticks(range, 6) : std::vector<double>{0};
    for (const double value : at) {
        const double y = bar.bottom() - value / range.high * bar.height;
        result += svg::line(bar.right(), y, bar.right() + 4, y, kAxis);
        result += svg::text(bar.right() + 8, y + 4, svg::tick_label(value, at));
    }
    return result + svg::text(bar.right() + kRight - 12, bar.top - 10, label, "end");
}

}  // namespace

std::string heat_map_svg(const HeatMap& map) {
    double largest = 0;
    for (const double value : map.values) {
        largest = value > largest ? value : largest;
    }
    const double left = map.y.names.empty() ? 84 : 120;
    const svg::Box plot{left, kTop, kSide, kSide};
    const svg::Box bar{plot.right() + kScaleGap, kTop, kScaleWidth, kSide};
    std::string picture = svg::begin(bar.right() + kRight, plot.bottom() + kBottom, map.title);
    picture += svg::text(left, 20, map.title, "start", "font-size=\"14\" font-weight=\"bold\"");
    picture += cells(plot, map, largest);
    picture += rect(plot.left, plot.top, plot.width, plot.height, fmt::format("fill=\"none\" {}", kAxis));
    picture += x_axis(plot, map.x) + y_axis(plot, map.y) + scale(bar, largest, map.value_label);
    return picture + svg::end();
}

}  // namespace axfire
