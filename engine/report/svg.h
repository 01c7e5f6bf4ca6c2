// SPDX-License-Identifier: Apache-2.0
// The little of SVG that the plots need: text, ticks, axes, colours.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace axfire::svg {

/// A rectangle of the picture in pixels; y grows downward.
struct Box {
    double left;
    double top;
    double width;
    double height;
    double right() const { return left + width; }
    double bottom() const { return top + height; }
};

/// Data values at the ends of an axis.
struct Range {
    double low;
    double high;
};

inline constexpr std::size_t kColourCount = 7;
/// Colours that people with any colour vision tell apart (Okabe and Ito, "Color universal design", 2008), those that
/// stand out on white; repeats after the last.
std::string_view colour(std::size_t index);

/// Multiples of 1, 2 or 5 times a power of ten within the range, at most `most` (>= 2) of them.
std::vector<double> ticks(Range range, int most);
/// A label of one of `ticks`, with as many decimals as their distance needs.
std::string tick_label(double value, const std::vector<double>& ticks);

/// Text with &, <, >, " escaped; control characters and what is not UTF-8 become '?'.
std::string escape(std::string_view text);

/// The opening of a picture with white background, font and <title>.
std::string begin(double width, double height, std::string_view title);
std::string end();

/// Plain text; `anchor` is start, middle or end; `style` further attributes.
std::string text(double x, double y, std::string_view text, std::string_view anchor = "start",
                 std::string_view style = "");
std::string line(double x1, double y1, double x2, double y2, std::string_view style);

/// Frame of a plot, and its time axis: ticks below, labels and "time (ms)" only where `labels`.
std::string time_axis(const Box& plot, Range range_ms, bool labels);
/// Ticks and labels left of the plot.
std::string left_axis(const Box& plot, Range range, int most_ticks);

/// A number for a path: one decimal, no trailing ".0".
std::string number(double value);

}  // namespace axfire::svg
