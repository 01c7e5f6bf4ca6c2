// SPDX-License-Identifier: Apache-2.0
#include "engine/report/run_reader.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/formats/probe.h"
#include "engine/record/population_name.h"
#include "engine/record/schema.h"

namespace axfire {
namespace {

constexpr std::uint64_t kBlock = std::uint64_t{1} << 15;      // spikes read at once; a chunk of the dataset
constexpr std::uint64_t kMostSteps = std::uint64_t{1} << 48;  // of a run
constexpr std::uint64_t kMostSampleSteps = std::uint64_t{1} << 28;

std::string spikes_path(const RecordedPopulation& population, const char* column) {
    return "/spikes/" + population_name(population.name) + "/" + column;
}

// Rows [start, start + count) of column `col` (rank 2), or of a dataset of rank 1.
bool read_rows(hid_t dataset, hid_t type, std::uint64_t start, std::uint64_t count, int rank, std::uint64_t col,
               void* to) {
    const Hdf5Lock lock;
    const hsize_t from[2] = {start, col};
    const hsize_t size[2] = {count, 1};
    const Hdf5Handle file_space(H5Dget_space(dataset));
    const Hdf5Handle memory_space(H5Screate_simple(rank, size, nullptr));
    return H5Sselect_hyperslab(file_space, H5S_SELECT_SET, from, nullptr, size, nullptr) >= 0 &&
           H5Dread(dataset, type, memory_space, file_space, H5P_DEFAULT, to) >= 0;
}

}  // namespace

RunReader::RunReader(const std::filesystem::path& path) : RunReader(tried(path), Unguarded{}) {}

const std::filesystem::path& RunReader::tried(const std::filesystem::path& path) {
    const auto open = [&] { RunReader(path, Unguarded{}).touch_data(); };
    const ProbeLimits limits{.cpu_seconds = 20, .wall_seconds = 100, .extra_bytes = std::size_t{1} << 30};
    require_success(probe_in_child(open, limits), path.string());
    return path;
}

RunReader::RunReader(const std::filesystem::path& path, Unguarded) : reader_(path), file_(hdf5::open_file(path)) {
    if (!reader_.has("/axfire") || !reader_.has_attribute("/axfire", "format")) {
        fail("not a run file: it has no /axfire/format; name a file that `axfire run -o` wrote");
    }
    const std::uint64_t format = read_count("/axfire", "format");
    if (format != kRunFormat) {
        fail(fmt::format("a run file of format {}, this program reads format {}", format, kRunFormat));
    }
    read_header();
    read_layers();
    read_populations("/spikes", &RecordedPopulation::spikes);
    read_populations("/report", &RecordedPopulation::membrane);
    std::sort(populations_.begin(), populations_.end(),
              [](const RecordedPopulation& a, const RecordedPopulation& b) { return a.name < b.name; });
}

// Makes HDF5 look at every dataset of spikes and membranes and walk through the index of its chunks.
void RunReader::touch_data() const {
    const Hdf5Lock lock;
    for (const RecordedPopulation& population : populations_) {
        if (population.spikes) {
            const SpikeColumns columns = open_spikes(population);
            H5Dget_storage_size(columns.timestamps);
            H5Dget_storage_size(columns.node_ids);
        }
        if (population.membrane) {
            H5Dget_storage_size(open_report(population));
        }
    }
    labels();
    predictions();
    spikes_per_layer();
}

void RunReader::fail(const std::string& text) const {
    throw InputError(fmt::format("{}: {}", file_name(), text));
}

void RunReader::check_sample(std::uint64_t sample) const {
    if (sample >= header_.samples_done) {
        fail(header_.samples_done == 0
                 ? "holds no sample yet"
                 : fmt::format("holds no sample {}; choose one of 0 to {}", sample, header_.samples_done - 1));
    }
}

// Hdf5Reader reads attributes as signed numbers; a seed may need all 64 bits.
std::uint64_t RunReader::read_count(const std::string& path, const std::string& name) const {
    const Hdf5Lock lock;
    const Hdf5Handle attribute(H5Aopen_by_name(file_, path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
    const Hdf5Handle space(attribute.valid() ? H5Aget_space(attribute) : H5I_INVALID_HID);
    std::uint64_t value = 0;
    if (!attribute.valid() || H5Sget_simple_extent_npoints(space) != 1 ||
        H5Aread(attribute, H5T_NATIVE_UINT64, &value) < 0) {
        reader_.fail(path, fmt::format("the attribute '{}' is missing or not one integer", name));
    }
    return value;
}

void RunReader::read_header() {
    header_.status = reader_.text_attribute("/axfire", "status");
    header_.samples_planned = read_count("/axfire", "samples_planned");
    header_.samples_done = read_count("/axfire", "samples_done");
    const std::uint64_t steps = read_count("/axfire", "steps");
    header_.seed = read_count("/axfire", "seed");
    header_.version = reader_.text_attribute("/axfire", "version");
    header_.created = reader_.text_attribute("/axfire", "created");
    header_.configuration = reader_.text("/axfire/configuration");
    if (reader_.has("/axfire/summary")) {
        header_.summary = reader_.text("/axfire/summary");
    }
    const std::vector<double> dt = reader_.number_attribute("/axfire", "dt_ms");
    if (dt.size() != 1 || !(dt[0] > 0) || !std::isfinite(dt[0]) || steps == 0 || steps > kMostSampleSteps ||
        header_.samples_done > kMostSteps / steps) {
        fail("/axfire: steps, dt_ms and samples_done must be positive and of a sensible size; the file is damaged");
    }
    header_.steps = static_cast<std::uint32_t>(steps);
    header_.dt_ms = dt[0];
}

void RunReader::read_layers() {
    if (!reader_.has("/axfire/layers")) {
        return;
    }
    const auto names = reader_.texts("/axfire/layers/name").values;
    const auto types = reader_.texts("/axfire/layers/type").values;
    header_.layers.resize(names.size());
    header_.totals = reader_.has("/axfire/layers/neuron_updates");
    const auto read = [&](const char* name, auto LayerTotals::*member) {
        const auto values = reader_.integers(std::string("/axfire/layers/") + name).values;
        if (values.size() != names.size() || types.size() != names.size()) {
            fail("the datasets of /axfire/layers differ in length; the file is damaged");
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            header_.layers[i].*member = static_cast<std::uint64_t>(values[i]);
        }
    };
    read("neurons", &LayerTotals::neurons);
    if (header_.totals) {
        read("spikes", &LayerTotals::spikes);
        read("synaptic_operations", &LayerTotals::synaptic_operations);
        read("multiplications", &LayerTotals::multiplications);
        read("neuron_updates", &LayerTotals::neuron_updates);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        header_.layers[i].name = names[i];
        header_.layers[i].type = types[i];
    }
}

void RunReader::read_populations(const std::string& group, bool RecordedPopulation::*recorded) {
    if (!reader_.has(group)) {
        return;
    }
    for (const std::string& child : reader_.children(group)) {
        const std::string path = group + "/" + child;
        const std::string name = reader_.text_attribute(path, "node");
        if (population_name(name) != child) {
            reader_.fail(path, "its attribute 'node' names another population; the file is damaged");
        }
        auto found = std::find_if(populations_.begin(), populations_.end(),
                                  [&](const RecordedPopulation& population) { return population.name == name; });
        if (found == populations_.end()) {
            found = populations_.insert(found, RecordedPopulation{});
            found->name = name;
            found->type = reader_.text_attribute(path, "type");
            found->neurons = read_count(path, "neurons");
            if (found->neurons == 0 || found->neurons > UINT32_MAX) {
                reader_.fail(path, "its number of neurons is not one of 1 to 4294967295; the file is damaged");
            }
        }
        (*found).*recorded = true;
        if (reader_.has_attribute(path, "threshold")) {
            const std::vector<double> threshold = reader_.number_attribute(path, "threshold");
            found->threshold = threshold.size() == 1 ? threshold[0] : found->threshold;
        }
    }
}

std::vector<std::int64_t> RunReader::column(const std::string& name) const {
    const std::string path = "/axfire/samples/" + name;
    auto values = reader_.integers(path).values;
    if (values.size() != header_.samples_done) {
        reader_.fail(
            path, fmt::format("has {} rows for {} samples; the file is damaged", values.size(), header_.samples_done));
    }
    return values;
}

std::vector<std::int64_t> RunReader::spikes_per_layer() const {
    const std::string path = "/axfire/samples/spikes_per_layer";
    if (!reader_.has(path) || header_.samples_done == 0) {
        return {};
    }
    const auto array = reader_.integers(path);
    if (array.dims.size() != 2 || array.dims[0] != header_.samples_done || array.dims[1] != header_.layers.size()) {
        reader_.fail(path, "does not fit the number of samples and layers; the file is damaged");
    }
    return array.values;
}

Hdf5Handle RunReader::open_column(const std::string& path, std::uint64_t& rows) const {
    const Hdf5Lock lock;
    Hdf5Handle dataset(reader_.has(path) ? H5Dopen2(file_, path.c_str(), H5P_DEFAULT) : H5I_INVALID_HID);
    const Hdf5Handle space(dataset.valid() ? H5Dget_space(dataset) : H5I_INVALID_HID);
    hsize_t extent = 0;
    if (!space.valid() || H5Sget_simple_extent_ndims(space) != 1 ||
        H5Sget_simple_extent_dims(space, &extent, nullptr) != 1) {
        reader_.fail(path, "is missing or not a list; the file is damaged");
    }
    rows = extent;
    return dataset;
}

RunReader::SpikeColumns RunReader::open_spikes(const RecordedPopulation& population) const {
    SpikeColumns columns;
    std::uint64_t ids = 0;
    columns.timestamps = open_column(spikes_path(population, "timestamps"), columns.rows);
    columns.node_ids = open_column(spikes_path(population, "node_ids"), ids);
    if (ids != columns.rows) {
        reader_.fail(spikes_path(population, "node_ids"), "differs in length from the timestamps; the file is damaged");
    }
    return columns;
}

double RunReader::timestamp(const RecordedPopulation& population, const SpikeColumns& columns,
                            std::uint64_t row) const {
    double time = 0;
    if (!read_rows(columns.timestamps, H5T_NATIVE_DOUBLE, row, 1, 1, 0, &time)) {
        reader_.fail(spikes_path(population, "timestamps"), "cannot be read; the file is damaged");
    }
    return time;
}

void RunReader::read_spikes(const RecordedPopulation& population, const SpikeColumns& columns, std::uint64_t first,
                            std::span<std::uint64_t> step, std::span<std::uint64_t> neuron) const {
    std::vector<double> time(step.size());
    if (!read_rows(columns.timestamps, H5T_NATIVE_DOUBLE, first, step.size(), 1, 0, time.data()) ||
        !read_rows(columns.node_ids, H5T_NATIVE_UINT64, first, step.size(), 1, 0, neuron.data())) {
        reader_.fail(spikes_path(population, "timestamps"), "cannot be read; the file is damaged");
    }
    const double end = static_cast<double>(header_.samples_done * header_.steps);
    for (std::size_t i = 0; i < time.size(); ++i) {
        const double at = std::round(time[i] / header_.dt_ms);
        if (!(at >= 0 && at < end) || neuron[i] >= population.neurons) {
            reader_.fail(spikes_path(population, "timestamps"),
                         fmt::format("spike {} (neuron {} at {} ms) is out of range; the file is damaged", first + i,
                                     neuron[i], time[i]));
        }
        step[i] = static_cast<std::uint64_t>(at);
    }
}

std::uint64_t RunReader::spike_count(const RecordedPopulation& population) const {
    return open_spikes(population).rows;
}

void RunReader::for_each_spike_block(
    const RecordedPopulation& population,
    const std::function<void(std::span<const std::uint64_t>, std::span<const std::uint64_t>)>& take) const {
    const SpikeColumns columns = open_spikes(population);
    std::vector<std::uint64_t> step(kBlock);
    std::vector<std::uint64_t> neuron(kBlock);
    for (std::uint64_t row = 0; row < columns.rows; row += kBlock) {
        const std::size_t count = std::min(kBlock, columns.rows - row);
        read_spikes(population, columns, row, {step.data(), count}, {neuron.data(), count});
        take({step.data(), count}, {neuron.data(), count});
    }
}

SampleSpikes RunReader::spikes(const RecordedPopulation& population, std::uint64_t sample) const {
    check_sample(sample);
    const SpikeColumns columns = open_spikes(population);
    // The first row that is not before a step.
    const auto find = [&](std::uint64_t step) {
        const double border = (static_cast<double>(step) - 0.5) * header_.dt_ms;
        std::uint64_t low = 0;
        std::uint64_t high = columns.rows;
        while (low < high) {
            const std::uint64_t middle = low + (high - low) / 2;
            if (timestamp(population, columns, middle) < border) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    };
    const std::uint64_t first_step = sample * header_.steps;
    const std::uint64_t begin = find(first_step);
    const std::uint64_t end = find(first_step + header_.steps);
    SampleSpikes result;
    std::vector<std::uint64_t> step(kBlock);
    std::vector<std::uint64_t> neuron(kBlock);
    for (std::uint64_t row = begin; row < end; row += kBlock) {
        const std::size_t count = std::min(kBlock, end - row);
        read_spikes(population, columns, row, {step.data(), count}, {neuron.data(), count});
        for (std::size_t i = 0; i < count; ++i) {
            if (step[i] < first_step || step[i] - first_step >= header_.steps) {
                reader_.fail(spikes_path(population, "timestamps"), "is not in time order; the file is damaged");
            }
            result.step.push_back(static_cast<std::uint32_t>(step[i] - first_step));
            result.neuron.push_back(static_cast<std::uint32_t>(neuron[i]));
        }
    }
    return result;
}

Hdf5Handle RunReader::open_report(const RecordedPopulation& population) const {
    const Hdf5Lock lock;
    const std::string path = "/report/" + population_name(population.name) + "/data";
    Hdf5Handle dataset(reader_.has(path) ? H5Dopen2(file_, path.c_str(), H5P_DEFAULT) : H5I_INVALID_HID);
    const Hdf5Handle space(dataset.valid() ? H5Dget_space(dataset) : H5I_INVALID_HID);
    hsize_t extent[2] = {0, 0};
    if (!space.valid() || H5Sget_simple_extent_ndims(space) != 2 ||
        H5Sget_simple_extent_dims(space, extent, nullptr) != 2 || extent[1] != population.neurons ||
        extent[0] != header_.samples_done * header_.steps) {
        reader_.fail(path, "is missing or does not fit the run; the file is damaged");
    }
    return dataset;
}

std::vector<float> RunReader::membrane(const RecordedPopulation& population, std::uint64_t sample,
                                       std::size_t neuron) const {
    check_sample(sample);
    if (neuron >= population.neurons) {
        fail(fmt::format("'{}' has no neuron {}; choose one of 0 to {}", population.name, neuron,
                         population.neurons - 1));
    }
    const Hdf5Handle dataset = open_report(population);
    std::vector<float> values(header_.steps);
    if (!read_rows(dataset, H5T_NATIVE_FLOAT, sample * header_.steps, header_.steps, 2, neuron, values.data())) {
        fail(fmt::format("the membranes of '{}' cannot be read; the file is damaged", population.name));
    }
    return values;
}

}  // namespace axfire
