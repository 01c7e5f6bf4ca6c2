// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/report/svg.h"
#include "engine/train/log.h"

namespace axfire::train {

namespace {

using Values = std::vector<double>;

struct Plot {
    svg::Box box;
    svg::Range epochs;
    svg::Range values;

    double x(double epoch) const { return box.left + box.width * (epoch - epochs.low) / (epochs.high - epochs.low); }
    double y(double value) const {
        return box.bottom() - box.height * (value - values.low) / (values.high - values.low);
    }

    /// A line through the values, with a dot at each.
    std::string curve(const Values& given, std::size_t colour) const {
        std::string points;
        std::string dots;
        for (std::size_t i = 0; i < given.size(); ++i) {
            if (std::isfinite(given[i])) {
                const std::string cx = svg::number(x(static_cast<double>(i + 1)));
                const std::string cy = svg::number(y(given[i]));
                points += fmt::format("{}{},{}", points.empty() ? "" : " ", cx, cy);
                dots += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"2\" fill=\"{}\"/>\n", cx, cy, svg::colour(colour));
            }
        }
        return fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n{}", points,
                           svg::colour(colour), dots);
    }

    std::string axes(const std::string& title, bool labels) const {
        std::string text =
            fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#888\"/>\n",
                        svg::number(box.left), svg::number(box.top), svg::number(box.width), svg::number(box.height));
        text += svg::left_axis(box, values, 5) + svg::text(box.left, box.top - 6, title);
        const std::vector<double> ticks = svg::ticks(epochs, 10);
        for (const double t : ticks) {
            if (labels && t == std::floor(t)) {
                text += svg::text(x(t), box.bottom() + 16, svg::tick_label(t, ticks), "middle");
            }
        }
        return text + (labels ? svg::text(box.left + box.width / 2, box.bottom() + 34, "epoch", "middle") : "");
    }
};

svg::Range around(const std::vector<Values>& series) {
    double low = INFINITY;
    double high = -INFINITY;
    for (const Values& values : series) {
        for (const double v : values) {
            low = std::isfinite(v) ? std::min(low, v) : low;
            high = std::isfinite(v) ? std::max(high, v) : high;
        }
    }
    if (!(low <= high)) {
        return {0, 1};
    }
    const double margin = high > low ? 0.05 * (high - low) : std::max(1e-3, 0.05 * std::fabs(high));
    return {low - margin, high + margin};
}

}  // namespace

std::string curves(const TrainingLog& log, const std::string& title) {
    Values loss;
    Values training;
    Values test;
    for (const EpochRecord& e : log) {
        loss.push_back(e.loss);
        training.push_back(100 * e.accuracy);
        test.push_back(100 * e.test_accuracy);
    }
    const svg::Range epochs{0.5, static_cast<double>(log.size()) + 0.5};
    const Plot top{{70, 50, 480, 150}, epochs, around({loss})};
    const Plot bottom{{70, 240, 480, 150}, epochs, around({training, test})};
    std::string text = svg::begin(580, 450, title);
    text += svg::text(290, 22, title, "middle");
    text += top.axes("loss of the training samples", false) + top.curve(loss, 0);
    text += bottom.axes("accuracy (%)", true) + bottom.curve(training, 0) + bottom.curve(test, 1);
    text += svg::text(540, 258, "training", "end", fmt::format("fill=\"{}\"", svg::colour(0)));
    text += svg::text(540, 274, "test", "end", fmt::format("fill=\"{}\"", svg::colour(1)));
    return text + svg::end();
}

}  // namespace axfire::train
