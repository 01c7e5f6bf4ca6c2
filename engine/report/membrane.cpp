// SPDX-License-Identifier: Apache-2.0
#include "engine/report/membrane.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "engine/report/plot_choice.h"
#include "engine/report/svg.h"

namespace axfire {
namespace {

constexpr double kWidth = 900;
constexpr double kLeft = 74;
constexpr double kRight = 120;  // legend
constexpr double kTop = 54;
constexpr double kSpikeRow = 8;  // height of a neuron's spike ticks
constexpr double kPlotHeight = 280;
constexpr double kBottom = 66;  // time axis and caption
constexpr double kPointsPerPixel = 4;
constexpr const char* kThresholdStyle = "stroke=\"#666\" stroke-width=\"1\" stroke-dasharray=\"6 4\"";
constexpr const char* kCaptionStyle = "font-size=\"11\" fill=\"#555\"";

// Lines beyond the number of colours are told apart by dashes.
const char* dashes(std::size_t index) {
    return index < svg::kColourCount ? "" : " stroke-dasharray=\"5 2\"";
}

// The neurons that spike most in the sample, by descending number, ties by index; 0, 1, ... without spikes.
std::vector<std::size_t> choose_neurons(const RecordedPopulation& population, const SampleSpikes& spikes,
                                        const MembraneOptions& options) {
    if (!options.neurons.empty()) {
        return options.neurons;
    }
    std::vector<std::uint32_t> count(population.neurons);
    for (const std::uint32_t neuron : spikes.neuron) {
        ++count[neuron];
    }
    std::vector<std::size_t> order(population.neurons);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return count[a] > count[b]; });
    order.resize(std::min(options.count, order.size()));
    std::sort(order.begin(), order.end());
    return order;
}

// Finite values and the threshold, with a margin.
svg::Range value_range(const std::vector<std::vector<float>>& traces, double threshold) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    const auto include = [&](double value) {
        if (std::isfinite(value)) {
            low = std::min(low, value);
            high = std::max(high, value);
        }
    };
    include(threshold);
    for (const std::vector<float>& trace : traces) {
        std::for_each(trace.begin(), trace.end(), include);
    }
    if (low > high) {
        return {0, 1};
    }
    const double margin = high > low ? 0.05 * (high - low) : std::max(0.5, 0.05 * std::abs(high));
    return {low - margin, high + margin};
}

// A line through the values; a gap where one is not finite. `stride` steps share their least and greatest value.
std::string trace_path(const svg::Box& plot, svg::Range values, const std::vector<float>& trace, std::size_t stride) {
    std::string path;
    bool pen_down = false;
    const auto point = [&](std::size_t step) {
        if (!std::isfinite(trace[step])) {
            pen_down = false;
            return;
        }
        const double x = plot.left + (static_cast<double>(step) + 0.5) / static_cast<double>(trace.size()) * plot.width;
        const double y = plot.bottom() - (trace[step] - values.low) / (values.high - values.low) * plot.height;
        path += fmt::format("{}{:.1f} {:.1f}", pen_down ? "L" : "M", x, y);
        pen_down = true;
    };
    for (std::size_t begin = 0; begin < trace.size(); begin += stride) {
        const auto first = trace.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last = trace.begin() + static_cast<std::ptrdiff_t>(std::min(begin + stride, trace.size()));
        const auto [least, greatest] = std::minmax_element(first, last);
        point(static_cast<std::size_t>(std::min(least, greatest) - trace.begin()));
        if (least != greatest) {
            point(static_cast<std::size_t>(std::max(least, greatest) - trace.begin()));
        }
    }
    return path;
}

std::string spike_ticks(const svg::Box& plot, double top, const SampleSpikes& spikes, std::size_t neuron,
                        std::uint32_t steps, std::string_view colour) {
    std::string path;
    for (std::size_t i = 0; i < spikes.step.size(); ++i) {
        if (spikes.neuron[i] == neuron) {
            path += fmt::format("M{} {}v{}", svg::number(plot.left + (spikes.step[i] + 0.5) / steps * plot.width),
                                svg::number(top), svg::number(kSpikeRow - 2));
        }
    }
    return path.empty() ? path
                        : fmt::format(
                              "<path class=\"spikes\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.2\" "
                              "d=\"{}\"/>\n",
                              colour, path);
}

}  // namespace

std::string membrane_svg(const RunReader& run, const MembraneOptions& options) {
    run.check_sample(options.sample);
    const std::vector<std::string> names =
        options.population.empty() ? std::vector<std::string>{} : std::vector<std::string>{options.population};
    const RecordedPopulation population = choose_populations(run, names, &RecordedPopulation::membrane).front();
    const SampleSpikes spikes = population.spikes ? run.spikes(population, options.sample) : SampleSpikes{};
    const std::vector<std::size_t> neurons = choose_neurons(population, spikes, options);
    std::vector<std::vector<float>> traces;
    for (const std::size_t neuron : neurons) {
        traces.push_back(run.membrane(population, options.sample, neuron));
    }

    const RunHeader& header = run.header();
    const double ticks_height = population.spikes ? kSpikeRow * static_cast<double>(neurons.size()) + 4 : 0;
    const svg::Box plot{kLeft, kTop + ticks_height, kWidth - kLeft - kRight, kPlotHeight};
    const svg::Range values = value_range(traces, population.threshold);
    const auto y = [&](double value) {
        return plot.bottom() - (value - values.low) / (values.high - values.low) * plot.height;
    };
    const std::string title = sample_title(run, options.sample);
    const bool thin = header.steps > kPointsPerPixel * plot.width;
    const double height = plot.bottom() + kBottom + (thin ? 14 : 0);
    std::string picture = svg::begin(kWidth, height, "Membrane potentials of " + population.name + ": " + title);
    picture += svg::text(kLeft, 24, title, "start", "font-size=\"14\" font-weight=\"bold\"");
    picture +=
        svg::text(kLeft, 43, fmt::format("{} ({}, {} neurons)", population.name, population.type, population.neurons));
    picture += fmt::format(
        "<text transform=\"translate(18 {}) rotate(-90)\" text-anchor=\"middle\">"
        "membrane potential</text>\n",
        svg::number(plot.top + plot.height / 2));
    // Two points, the least and the greatest, for every `stride` steps.
    const std::size_t stride =
        thin ? static_cast<std::size_t>(2 * header.steps / (kPointsPerPixel * plot.width)) + 1 : 1;
    double legend = plot.top + 14;
    const auto add_legend = [&](const std::string& name, const std::string& style) {
        picture += svg::line(plot.right() + 8, legend - 4, plot.right() + 32, legend - 4, style);
        picture += svg::text(plot.right() + 38, legend, name);
        legend += 18;
    };
    for (std::size_t i = 0; i < neurons.size(); ++i) {
        picture += spike_ticks(plot, kTop + kSpikeRow * static_cast<double>(i), spikes, neurons[i], header.steps,
                               svg::colour(i));
        picture += fmt::format(
            "<path class=\"membrane\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.3\" stroke-linejoin=\"round\"{} "
            "d=\"{}\"/>\n",
            svg::colour(i), dashes(i), trace_path(plot, values, traces[i], stride));
        add_legend(fmt::format("neuron {}", neurons[i]),
                   fmt::format("stroke=\"{}\" stroke-width=\"2.5\"{}", svg::colour(i), dashes(i)));
    }
    if (std::isfinite(population.threshold)) {
        picture += svg::line(plot.left, y(population.threshold), plot.right(), y(population.threshold),
                             fmt::format("class=\"threshold\" {}", kThresholdStyle));
        add_legend("threshold", kThresholdStyle);
    }
    picture += svg::time_axis(plot, time_range(header), true);
    picture += svg::left_axis(plot, values, 8);
    std::string caption =
        fmt::format("Values after the update and reset of each step; steps of {:g} ms.", header.dt_ms);
    if (population.spikes) {
        caption += " Ticks above: the neurons' spikes, in the legend's order.";
    }
    picture += svg::text(kLeft, plot.bottom() + 56, caption, "start", kCaptionStyle);
    if (thin) {
        picture += svg::text(kLeft, plot.bottom() + 70,
                             fmt::format("Drawn by the least and greatest value of every {} steps.", stride), "start",
                             kCaptionStyle);
    }
    return picture + svg::end();
}

}  // namespace axfire
