// SPDX-License-Identifier: Apache-2.0
#include "engine/report/svg.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace axfire::svg {
namespace {

constexpr std::string_view kAxisStyle = R"(stroke="#333" stroke-width="1")";
constexpr double kTick = 4;

// Bytes of the UTF-8 sequence at the start of `text`; 0 where it is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    // Overlong forms, surrogates, beyond U+10FFFF, and the non-characters that XML forbids.
    const bool bad = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0) ||
                     (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90) ||
                     (first == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE);
    return bad ? 0 : length;
}

double scaled(double value, Range range, double from, double to) {
    return from + (value - range.low) / (range.high - range.low) * (to - from);
}

}  // namespace

std::string_view colour(std::size_t index) {
    static constexpr std::string_view kColours[kColourCount] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                                "#E69F00", "#56B4E9", "#000000"};
    return kColours[index % kColourCount];
}

std::vector<double> ticks(Range range, int most) {
    const double span = range.high - range.low;
    if (!(span > 0) || !std::isfinite(span)) {
        return {range.low};
    }
    double step = std::pow(10.0, std::floor(std::log10(span / most)));
    for (const double factor : {2.0, 2.5, 2.0, 2.0, 2.5, 2.0}) {  // 1, 2, 5, 10, 20, 50
        if (std::floor(range.high / step + 1e-9) - std::ceil(range.low / step - 1e-9) < most) {
            break;
        }
        step *= factor;
    }
    std::vector<double> result;
    for (double k = std::ceil(range.low / step - 1e-9); k <= range.high / step + 1e-9; ++k) {
        result.push_back(k == 0 ? 0.0 : k * step);
    }
    return result;
}

std::string tick_label(double value, const std::vector<double>& ticks) {
    const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : std::abs(value);
    const double exponent = step > 0 ? std::floor(std::log10(step) + 1e-9) : 0;
    if (std::abs(value) >= 1e7 || exponent < -6) {
        return fmt::format("{:.4g}", value);
    }
    return fmt::format("{:.{}f}", value, static_cast<int>(std::max(0.0, -exponent)));
}

std::string escape(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        text.remove_prefix(character.size());
        if (length == 0 || (length == 1 && static_cast<unsigned char>(character[0]) < 0x20)) {
            result += '?';
        } else if (character == "&") {
            result += "&amp;";
        } else if (character == "<") {
            result += "&lt;";
        } else if (character == ">") {
            result += "&gt;";
        } else if (character == "\"") {
            result += "&quot;";
        } else {
            result += character;
        }
    }
    return result;
}

std::string begin(double width, double height, std::string_view title) {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" role=\"img\" "
        "font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" font-size=\"12\" fill=\"#222\">\n"
        "<title>{2}</title>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        number(width), number(height), escape(title));
}

std::string end() {
    return "</svg>\n";
}

std::string text(double x, double y, std::string_view text, std::string_view anchor, std::string_view style) {
    return fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"{}\"{}{}>{}</text>\n", number(x), number(y), anchor,
                       style.empty() ? "" : " ", style, escape(text));
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
    return fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {}/>\n", number(x1), number(y1), number(x2),
                       number(y2), style);
}

std::string time_axis(const Box& plot, Range range_ms, bool labels) {
    std::string result =
        fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" {}/>\n", number(plot.left),
                    number(plot.top), number(plot.width), number(plot.height), kAxisStyle);
    const std::vector<double> at = ticks(range_ms, 10);
    for (const double t : at) {
        const double x = scaled(t, range_ms, plot.left, plot.right());
        result += line(x, plot.bottom(), x, plot.bottom() + kTick, kAxisStyle);
        if (labels) {
            result += text(x, plot.bottom() + kTick + 13, tick_label(t, at), "middle");
        }
    }
    if (labels) {
        result += text(plot.left + plot.width / 2, plot.bottom() + 34, "time (ms)", "middle");
    }
    return result;
}

std::string left_axis(const Box& plot, Range range, int most_ticks) {
    std::string result;
    const std::vector<double> at = ticks(range, most_ticks);
    for (const double value : at) {
        const double y = scaled(value, range, plot.bottom(), plot.top);
        result += line(plot.left - kTick, y, plot.left, y, kAxisStyle);
        result += text(plot.left - kTick - 4, y + 4, tick_label(value, at), "end");
    }
    return result;
}

std::string number(double value) {
    std::string result = fmt::format("{:.1f}", value);
    if (result.ends_with(".0")) {
        result.resize(result.size() - 2);
    }
    return result == "-0" ? "0" : result;
}

}  // namespace axfire::svg
