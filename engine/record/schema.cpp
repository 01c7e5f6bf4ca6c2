// SPDX-License-Identifier: Apache-2.0
#include "engine/record/schema.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

#include "engine/formats/hdf5.h"
#include "engine/record/population_name.h"

namespace axfire {
namespace {

constexpr std::size_t kChunkValues = std::size_t{1} << 15;  // 128 KiB of float, 256 KiB of double

// libsonata takes nothing but an enumeration on u8 here.
void write_sorting(hid_t group) {
    const Hdf5Handle type(H5Tenum_create(H5T_NATIVE_UINT8));
    std::uint8_t value = 0;
    for (const char* name : {"none", "by_id", "by_time"}) {
        H5Tenum_insert(type, name, &value);
        ++value;
    }
    const std::uint8_t by_time = 2;
    hdf5::write_attribute(group, "sorting", type, &by_time, {});
}

void describe(hid_t group, const RecordedPopulation& population) {
    hdf5::write_attribute(group, "node", population.name);
    hdf5::write_attribute(group, "type", population.type);
    hdf5::write_attribute(group, "neurons", static_cast<std::uint64_t>(population.neurons));
    const std::vector<std::uint64_t> shape(population.shape.begin(), population.shape.end());
    if (!shape.empty()) {
        hdf5::write_attribute(group, "shape", shape);
    }
}

void create_spikes(hid_t file, const RecordedPopulation& population, unsigned deflate) {
    const Hdf5Handle group = hdf5::create_group(file, "spikes/" + population_name(population.name));
    write_sorting(group);
    describe(group, population);
    const Hdf5Handle timestamps =
        hdf5::create_extendable(group, "timestamps", H5T_IEEE_F64LE, {}, kChunkValues, deflate);
    hdf5::write_attribute(timestamps, "units", "ms");
    hdf5::create_extendable(group, "node_ids", H5T_STD_U64LE, {}, kChunkValues, deflate);
}

// Every neuron is a node of one element.
void create_report(hid_t file, const RecordedPopulation& population, double dt_ms, unsigned deflate) {
    const std::string name = population_name(population.name);
    const std::size_t n = population.neurons;
    const Hdf5Handle group = hdf5::create_group(file, "report/" + name);
    describe(group, population);
    if (population.threshold == population.threshold) {
        hdf5::write_attribute(group, "threshold", population.threshold);
    }
    const Hdf5Handle data = hdf5::create_extendable(group, "data", H5T_IEEE_F32LE, {n},
                                                    kChunkValues / std::max<std::size_t>(n, 1), deflate);
    hdf5::write_attribute(data, "units", "dimensionless");
    std::vector<std::uint64_t> ids(n + 1);
    std::iota(ids.begin(), ids.end(), 0);
    hdf5::write_dataset(group, "mapping/index_pointers", ids, {n + 1}, deflate);
    ids.pop_back();
    hdf5::write_dataset(group, "mapping/node_ids", ids, {n}, deflate);
    const Hdf5Handle node_ids(H5Dopen2(group, "mapping/node_ids", H5P_DEFAULT));
    hdf5::write_attribute(node_ids, "sorted", std::uint8_t{1});
    hdf5::write_dataset(group, "mapping/element_ids", std::vector<std::uint32_t>(n, 1), {n}, deflate);
    hdf5::write_dataset(group, "mapping/time", std::vector<double>{0, 0, dt_ms}, {3});
    const Hdf5Handle time(H5Dopen2(group, "mapping/time", H5P_DEFAULT));
    hdf5::write_attribute(time, "units", "ms");
}

void write_layers(hid_t file, const std::vector<LayerTotals>& layers) {
    std::vector<std::string> names;
    std::vector<std::string> types;
    std::vector<std::uint64_t> neurons;
    for (const LayerTotals& layer : layers) {
        names.push_back(layer.name);
        types.push_back(layer.type);
        neurons.push_back(layer.neurons);
    }
    hdf5::write_strings(file, "axfire/layers/name", names, {layers.size()});
    hdf5::write_strings(file, "axfire/layers/type", types, {layers.size()});
    hdf5::write_dataset(file, "axfire/layers/neurons", neurons, {layers.size()});
}

void write_total(hid_t file, const std::string& name, const std::vector<LayerTotals>& layers,
                 std::uint64_t LayerTotals::*member) {
    std::vector<std::uint64_t> values;
    for (const LayerTotals& layer : layers) {
        values.push_back(layer.*member);
    }
    hdf5::write_dataset(file, "axfire/layers/" + name, values, {values.size()});
}

}  // namespace

void check_options(const RunFileOptions& options) {
    std::set<std::string> names;
    for (const RecordedPopulation& population : options.populations) {
        if (!names.insert(population.name).second) {
            throw std::logic_error("run file: two populations of the name '" + population.name + "'");
        }
        if (population.neurons == 0) {
            throw std::logic_error("run file: the population '" + population.name + "' has no neurons");
        }
    }
    if (options.steps == 0 || !(options.dt_ms > 0)) {
        throw std::logic_error("run file: steps and dt must be positive");
    }
}

void write_schema(hid_t file, const RunFileOptions& options, const std::string& created) {
    hdf5::write_attribute(file, "magic", std::uint32_t{0x0A7A});  // SONATA's mark
    hdf5::write_attribute(file, "version", std::vector<std::uint32_t>{0, 1});
    hdf5::create_group(file, "spikes");
    hdf5::create_group(file, "report");
    for (const RecordedPopulation& population : options.populations) {
        if (population.spikes) {
            create_spikes(file, population, options.deflate);
        }
        if (population.membrane) {
            create_report(file, population, options.dt_ms, options.deflate);
        }
    }
    const Hdf5Handle run = hdf5::create_group(file, "axfire");
    hdf5::write_attribute(run, "format", kRunFormat);
    hdf5::write_attribute(run, "status", "running");
    hdf5::write_attribute(run, "samples_planned", static_cast<std::uint64_t>(options.samples));
    hdf5::write_attribute(run, "samples_done", std::uint64_t{0});
    hdf5::write_attribute(run, "dt_ms", options.dt_ms);
    hdf5::write_attribute(run, "steps", options.steps);
    hdf5::write_attribute(run, "seed", options.seed);
    hdf5::write_attribute(run, "version", options.version);
    hdf5::write_attribute(run, "created", created);
    hdf5::write_strings(run, "configuration", {options.configuration}, {});
    hdf5::create_extendable(run, "samples/label", H5T_STD_I32LE, {}, kChunkValues / 8, options.deflate);
    hdf5::create_extendable(run, "samples/prediction", H5T_STD_I32LE, {}, kChunkValues / 8, options.deflate);
    if (!options.layers.empty()) {
        write_layers(file, options.layers);
        create_sample_columns(file, 0, options.layers.size(), options.deflate);
    }
}

void create_sample_columns(hid_t file, std::size_t readout_width, std::size_t layers, unsigned deflate) {
    const auto create = [&](const char* path, hid_t type, std::size_t width) {
        if (width > 0 && H5Lexists(file, path, H5P_DEFAULT) <= 0) {
            hdf5::create_extendable(file, path, type, {width}, std::max<std::size_t>(kChunkValues / 8 / width, 1),
                                    deflate);
        }
    };
    create("axfire/samples/readout", H5T_IEEE_F32LE, readout_width);
    create("axfire/samples/spikes_per_layer", H5T_STD_U32LE, layers);
}

void write_report_time(hid_t file, const std::string& population, double frames, double dt_ms) {
    const Hdf5Handle time(H5Dopen2(file, ("report/" + population + "/mapping/time").c_str(), H5P_DEFAULT));
    const double values[3] = {0, frames * dt_ms, dt_ms};
    H5Dwrite(time, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

void write_totals(hid_t file, const RunFileOptions& options, const std::vector<LayerTotals>& layers,
                  const std::string& summary, const Confusion& confusion) {
    if (options.layers.empty()) {
        write_layers(file, layers);
    } else if (!std::equal(layers.begin(), layers.end(), options.layers.begin(), options.layers.end(),
                           [](const LayerTotals& a, const LayerTotals& b) {
                               return a.name == b.name && a.type == b.type && a.neurons == b.neurons;
                           })) {
        throw std::logic_error("run file: the layers of the totals are not those of the options");
    }
    write_total(file, "spikes", layers, &LayerTotals::spikes);
    write_total(file, "synaptic_operations", layers, &LayerTotals::synaptic_operations);
    write_total(file, "multiplications", layers, &LayerTotals::multiplications);
    write_total(file, "neuron_updates", layers, &LayerTotals::neuron_updates);
    if (confusion.classes != 0) {
        hdf5::write_dataset(file, "axfire/confusion", confusion.samples, {confusion.classes, confusion.classes},
                            options.deflate);
    }
    hdf5::write_strings(file, "axfire/summary", {summary}, {});
}

}  // namespace axfire
