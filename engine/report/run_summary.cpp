// SPDX-License-Identifier: Apache-2.0
#include "engine/report/run_summary.h"

#include <algorithm>

namespace axfire {
namespace {

SpikeActivity activity(const RunReader& reader, const RecordedPopulation& population) {
    SpikeActivity result;
    std::vector<bool> active(population.neurons);
    std::uint64_t first = reader.header().steps;
    std::uint64_t last = 0;
    reader.for_each_spike_block(population,
                                [&](std::span<const std::uint64_t> step, std::span<const std::uint64_t> neuron) {
                                    for (std::size_t i = 0; i < step.size(); ++i) {
                                        const std::uint64_t at = step[i] % reader.header().steps;
                                        first = std::min(first, at);
                                        last = std::max(last, at);
                                        active[neuron[i]] = true;
                                    }
                                    result.spikes += step.size();
                                });
    result.first_ms = static_cast<double>(first) * reader.header().dt_ms;
    result.last_ms = static_cast<double>(last) * reader.header().dt_ms;
    result.silent_neurons = static_cast<std::uint64_t>(std::count(active.begin(), active.end(), false));
    return result;
}

// Without totals the spikes are those of the samples that are there.
void add_layers(RunSummary& run, const RunReader& reader) {
    const std::vector<LayerTotals>& layers = run.header.layers;
    const std::vector<std::int64_t> counts =
        run.header.totals ? std::vector<std::int64_t>{} : reader.spikes_per_layer();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        LayerSummary layer;
        layer.totals = layers[i];
        layer.spikes_known = run.header.totals || !counts.empty();
        for (std::size_t at = i; at < counts.size(); at += layers.size()) {
            layer.totals.spikes += static_cast<std::uint64_t>(counts[at]);
        }
        run.layers.push_back(layer);
    }
}

void add_recorded(RunSummary& run, const RunReader& reader) {
    for (const RecordedPopulation& population : reader.populations()) {
        if (population.membrane) {
            run.membranes.push_back(population.name);
        }
        if (!population.spikes) {
            continue;
        }
        auto layer = std::find_if(run.layers.begin(), run.layers.end(), [&](const LayerSummary& candidate) {
            return candidate.totals.name == population.name;
        });
        if (layer == run.layers.end()) {
            layer = run.layers.insert(layer, LayerSummary{});
            layer->totals.name = population.name;
            layer->totals.type = population.type;
            layer->totals.neurons = population.neurons;
        }
        layer->recorded = activity(reader, population);
        if (!layer->spikes_known) {
            layer->totals.spikes = layer->recorded->spikes;
            layer->spikes_known = true;
        }
    }
}

}  // namespace

RunSummary read_run(const std::filesystem::path& path) {
    const RunReader reader(path);
    RunSummary run;
    run.file = reader.file_name();
    run.header = reader.header();
    const std::vector<std::int64_t> labels = reader.labels();
    const std::vector<std::int64_t> predictions = reader.predictions();
    for (std::size_t i = 0; i < labels.size(); ++i) {
        run.labelled += labels[i] >= 0;
        run.correct += labels[i] >= 0 && labels[i] == predictions[i];
    }
    add_layers(run, reader);
    add_recorded(run, reader);
    const double samples = static_cast<double>(run.header.samples_done);
    const double seconds = run.header.steps * run.header.dt_ms * 1e-3;
    for (LayerSummary& layer : run.layers) {
        if (samples > 0 && layer.totals.neurons > 0) {
            layer.spikes_per_sample = static_cast<double>(layer.totals.spikes) / samples;
            layer.rate_hz = layer.spikes_per_sample / (static_cast<double>(layer.totals.neurons) * seconds);
        }
    }
    return run;
}

}  // namespace axfire
