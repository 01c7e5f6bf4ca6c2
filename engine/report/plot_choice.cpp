// SPDX-License-Identifier: Apache-2.0
#include "engine/report/plot_choice.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace axfire {

std::vector<RecordedPopulation> choose_populations(const RunReader& run, const std::vector<std::string>& names,
                                                   bool RecordedPopulation::*recorded) {
    std::vector<RecordedPopulation> all;
    std::string list;
    for (const RecordedPopulation& population : run.populations()) {
        if (population.*recorded) {
            all.push_back(population);
            list += (list.empty() ? "" : ", ") + population.name;
        }
    }
    const std::string what = recorded == &RecordedPopulation::spikes ? "spikes" : "membranes";
    if (all.empty()) {
        run.fail(fmt::format("no {} were recorded; run again with --record", what));
    }
    if (names.empty()) {
        // In the order of the layers, where they are known.
        const auto rank = [&](const RecordedPopulation& population) {
            const auto& layers = run.header().layers;
            return std::find_if(layers.begin(), layers.end(),
                                [&](const LayerTotals& layer) { return layer.name == population.name; }) -
                   layers.begin();
        };
        std::stable_sort(all.begin(), all.end(),
                         [&](const RecordedPopulation& a, const RecordedPopulation& b) { return rank(a) < rank(b); });
        return all;
    }
    std::vector<RecordedPopulation> chosen;
    for (const std::string& name : names) {
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const RecordedPopulation& candidate) { return candidate.name == name; });
        if (found == all.end()) {
            run.fail(fmt::format("no {} of '{}' were recorded; choose among {}", what, name, list));
        }
        chosen.push_back(*found);
    }
    return chosen;
}

std::string sample_title(const RunReader& run, std::uint64_t sample) {
    const std::int64_t label = run.labels()[sample];
    const std::int64_t prediction = run.predictions()[sample];
    std::string title =
        fmt::format("{}, sample {}", std::filesystem::path(run.file_name()).filename().string(), sample);
    if (label >= 0) {
        title += fmt::format(", label {}", label);
    }
    if (prediction >= 0) {
        title += fmt::format(", prediction {}", prediction);
    }
    return title;
}

svg::Range time_range(const RunHeader& header) {
    return {-0.5 * header.dt_ms, (header.steps - 0.5) * header.dt_ms};
}

}  // namespace axfire
