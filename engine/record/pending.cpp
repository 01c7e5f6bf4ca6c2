// SPDX-License-Identifier: Apache-2.0
#include "engine/record/pending.h"

#include <stdexcept>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/hdf5.h"
#include "engine/record/population_name.h"
#include "engine/record/schema.h"

namespace axfire {
namespace {

[[noreturn]] void misfit(const std::string& what) {
    throw std::logic_error("sample record: " + what);
}

// Appends `values` as rows of `width` and clears them.
template <class T>
void append(hid_t file, const std::string& path, std::vector<T>& values, std::size_t width = 1) {
    if (values.empty()) {
        return;
    }
    const Hdf5Handle dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT));
    if (!dataset.valid()) {
        throw InputError(fmt::format("the dataset {} is missing from the run file", path));
    }
    hdf5::append_rows(dataset, values, values.size() / width);
    values.clear();
}

}  // namespace

PendingSamples::PendingSamples(const RunFileOptions& options)
    : options_(options), populations_(options.populations.size()) {}

void PendingSamples::add(const SampleRecord& sample) {
    if (next_ == 0) {
        readout_width_ = sample.readout.size();
        layers_ = sample.spikes_per_layer.size();
    }
    if (sample.readout.size() != readout_width_ || sample.spikes_per_layer.size() != layers_ ||
        (!options_.layers.empty() && layers_ != options_.layers.size())) {
        misfit("another number of outputs or layers");
    }
    if (sample.populations.size() != populations_.size()) {
        misfit(fmt::format("{} populations for {}", sample.populations.size(), populations_.size()));
    }
    for (std::size_t i = 0; i < populations_.size(); ++i) {
        check(options_.populations[i], sample.populations[i]);
    }
    for (std::size_t i = 0; i < populations_.size(); ++i) {
        add_population(i, sample.populations[i]);
    }
    label_.push_back(sample.label);
    prediction_.push_back(sample.prediction);
    readout_.insert(readout_.end(), sample.readout.begin(), sample.readout.end());
    spikes_per_layer_.insert(spikes_per_layer_.end(), sample.spikes_per_layer.begin(), sample.spikes_per_layer.end());
    bytes_ += 8 + 4 * (readout_width_ + layers_);
    ++next_;
}

void PendingSamples::check(const RecordedPopulation& population, const Trace& trace) const {
    if (population.spikes && trace.spike_step.size() != trace.spike_neuron.size()) {
        misfit(population.name + ": as many spike steps as neurons are needed");
    }
    std::uint32_t last = 0;
    for (std::size_t i = 0; population.spikes && i < trace.spike_step.size(); ++i) {
        const std::uint32_t step = trace.spike_step[i];
        if (step < last || step >= options_.steps || trace.spike_neuron[i] >= population.neurons) {
            misfit(fmt::format("{}: spike {} (step {}, neuron {}) out of order or range", population.name, i, step,
                               trace.spike_neuron[i]));
        }
        last = step;
    }
    if (population.membrane && trace.membrane.size() != options_.steps * population.neurons) {
        misfit(fmt::format("{}: {} membrane values for {} steps of {} neurons", population.name, trace.membrane.size(),
                           options_.steps, population.neurons));
    }
}

void PendingSamples::add_population(std::size_t index, const Trace& trace) {
    Population& to = populations_[index];
    if (options_.populations[index].spikes) {
        // t = (sample * steps + step) * dt
        const double first_step = static_cast<double>(next_) * options_.steps;
        for (const std::uint32_t step : trace.spike_step) {
            to.timestamps.push_back((first_step + step) * options_.dt_ms);
        }
        to.node_ids.insert(to.node_ids.end(), trace.spike_neuron.begin(), trace.spike_neuron.end());
        bytes_ += 16 * trace.spike_step.size();
    }
    if (options_.populations[index].membrane) {
        to.membrane.insert(to.membrane.end(), trace.membrane.begin(), trace.membrane.end());
        bytes_ += 4 * trace.membrane.size();
    }
}

void PendingSamples::write(hid_t file) {
    create_sample_columns(file, readout_width_, layers_, options_.deflate);
    append(file, "axfire/samples/label", label_);
    append(file, "axfire/samples/prediction", prediction_);
    append(file, "axfire/samples/readout", readout_, readout_width_);
    append(file, "axfire/samples/spikes_per_layer", spikes_per_layer_, layers_);
    for (std::size_t i = 0; i < populations_.size(); ++i) {
        const RecordedPopulation& population = options_.populations[i];
        const std::string name = population_name(population.name);
        append(file, "spikes/" + name + "/timestamps", populations_[i].timestamps);
        append(file, "spikes/" + name + "/node_ids", populations_[i].node_ids);
        if (population.membrane) {
            append(file, "report/" + name + "/data", populations_[i].membrane, population.neurons);
            write_report_time(file, name, static_cast<double>(next_ * options_.steps), options_.dt_ms);
        }
    }
    bytes_ = 0;
}

}  // namespace axfire
