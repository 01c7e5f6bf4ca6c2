// SPDX-License-Identifier: Apache-2.0
#include "engine/report/raster.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "engine/report/plot_choice.h"
#include "engine/report/svg.h"

namespace axfire {
namespace {

constexpr double kWidth = 900;
constexpr double kLeft = 64;
constexpr double kRight = 20;
constexpr double kTop = 40;
constexpr double kLabel = 24;   // above each panel, for its name
constexpr double kBottom = 66;  // time axis and caption

// More neurons get more room, but not in proportion: 10 neurons 66 pixels, 4096 neurons 170.
double panel_height(std::size_t neurons) {
    return std::round(26 + 12 * std::log2(static_cast<double>(neurons) + 1));
}

// One mark for a spike: a vertical stroke in the neuron's row.
std::string marks(const svg::Box& plot, const SampleSpikes& spikes, std::size_t neurons, std::uint32_t steps,
                  std::string_view colour) {
    const double row = plot.height / static_cast<double>(neurons);
    const double column = plot.width / steps;
    const double length = std::clamp(0.8 * row, 1.4, 12.0);
    std::string path;
    for (std::size_t i = 0; i < spikes.step.size(); ++i) {
        const double x = plot.left + (spikes.step[i] + 0.5) * column;
        const double y = plot.bottom() - (spikes.neuron[i] + 0.5) * row - length / 2;
        path += fmt::format("M{} {}v{}", svg::number(x), svg::number(y), svg::number(length));
    }
    return fmt::format("<path class=\"spikes\" fill=\"none\" stroke=\"{}\" stroke-width=\"{:.2f}\" d=\"{}\"/>\n",
                       colour, std::clamp(0.7 * column, 0.8, 2.0), path);
}

// Spikes counted in cells of about a pixel, in four shades; the darkest is the fullest cell.
std::string cells(const svg::Box& plot, const SampleSpikes& spikes, std::size_t neurons, std::uint32_t steps,
                  std::string_view colour) {
    const std::size_t columns = std::min<std::size_t>(steps, static_cast<std::size_t>(plot.width));
    const std::size_t rows = std::min(neurons, static_cast<std::size_t>(plot.height));
    std::vector<std::uint32_t> count(columns * rows);  // [rows][columns]
    for (std::size_t i = 0; i < spikes.step.size(); ++i) {
        ++count[spikes.neuron[i] * rows / neurons * columns + std::size_t{spikes.step[i]} * columns / steps];
    }
    const double most = *std::max_element(count.begin(), count.end());
    const auto shade = [&](std::size_t at) { return static_cast<int>(std::ceil(4 * count[at] / most)); };
    const double width = plot.width / static_cast<double>(columns);
    const double height = plot.height / static_cast<double>(rows);
    std::string result;
    for (int level = 1; level <= 4; ++level) {
        std::string path;
        for (std::size_t row = 0; row < rows; ++row) {
            const double y = plot.bottom() - (static_cast<double>(row) + 0.5) * height;
            for (std::size_t column = 0; column < columns; ++column) {
                const std::size_t begin = column;
                while (column < columns && shade(row * columns + column) == level) {
                    ++column;
                }
                if (column > begin) {
                    path += fmt::format("M{} {}h{}", svg::number(plot.left + static_cast<double>(begin) * width),
                                        svg::number(y), svg::number(static_cast<double>(column - begin) * width));
                }
            }
        }
        if (!path.empty()) {
            result += fmt::format(
                "<path class=\"cells\" fill=\"none\" stroke=\"{}\" stroke-opacity=\"{:.2f}\" stroke-width=\"{:.2f}\" "
                "d=\"{}\"/>\n",
                colour, 0.2 + 0.2 * level, height, path);
        }
    }
    return result;
}

}  // namespace

std::string raster_svg(const RunReader& run, const RasterOptions& options) {
    run.check_sample(options.sample);
    const std::vector<RecordedPopulation> chosen =
        choose_populations(run, options.populations, &RecordedPopulation::spikes);
    double height = kTop + kBottom;
    for (const RecordedPopulation& population : chosen) {
        height += kLabel + panel_height(population.neurons);
    }
    const RunHeader& header = run.header();
    const std::string title = sample_title(run, options.sample);
    std::string picture = svg::begin(kWidth, height, "Spike raster: " + title);
    picture += svg::text(kLeft, 24, title, "start", "font-size=\"14\" font-weight=\"bold\"");
    picture += "<text transform=\"translate(16 " + svg::number((kTop + height - kBottom) / 2) +
               ") rotate(-90)\" text-anchor=\"middle\">neuron</text>\n";

    svg::Box plot{kLeft, kTop, kWidth - kLeft - kRight, 0};
    bool counted = false;
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        const RecordedPopulation& population = chosen[i];
        const SampleSpikes spikes = run.spikes(population, options.sample);
        plot.top = (i == 0 ? kTop : plot.bottom()) + kLabel;
        plot.height = panel_height(population.neurons);
        picture += svg::text(plot.left, plot.top - 7, population.name, "start", "font-weight=\"bold\"");
        picture += svg::text(
            plot.right(), plot.top - 7,
            fmt::format("{}, {} neurons, {} spikes", population.type, population.neurons, spikes.step.size()), "end");
        if (spikes.step.size() > options.most_marks) {
            picture += cells(plot, spikes, population.neurons, header.steps, svg::colour(i));
            counted = true;
        } else if (!spikes.step.empty()) {
            picture += marks(plot, spikes, population.neurons, header.steps, svg::colour(i));
        }
        picture += svg::time_axis(plot, time_range(header), i + 1 == chosen.size());
        picture += svg::left_axis(plot, {-0.5, static_cast<double>(population.neurons) - 0.5},
                                  static_cast<int>(plot.height / (population.neurons > 20 ? 24 : 12)));
    }
    const std::string caption =
        counted
            ? fmt::format("Panels of more than {} spikes count them in cells of about a pixel; the darker, the more.",
                          options.most_marks)
            : std::string("Each mark is one spike.");
    picture += svg::text(kLeft, height - 10, fmt::format("{} Steps of {:g} ms.", caption, header.dt_ms), "start",
                         "font-size=\"11\" fill=\"#555\"");
    return picture + svg::end();
}

}  // namespace axfire
