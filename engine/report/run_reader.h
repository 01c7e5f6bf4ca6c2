// SPDX-License-Identifier: Apache-2.0
// Reads run files (docs/run_format.md), finished or not, without ever holding all spikes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/formats/hdf5_reader.h"
#include "engine/record/run_file.h"

namespace axfire {

/// What a run file says of the run as a whole.
struct RunHeader {
    std::string status;  ///< "running" (unfinished) or "finished"
    std::uint64_t samples_planned = 0;
    std::uint64_t samples_done = 0;
    double dt_ms = 1;
    std::uint32_t steps = 1;  ///< of each sample
    std::uint64_t seed = 0;
    std::string version;        ///< of the program that wrote it
    std::string created;        ///< ISO 8601
    std::string configuration;  ///< JSON text
    std::string summary;        ///< JSON text; empty while unfinished
    std::vector<LayerTotals> layers;
    bool totals = false;  ///< the layers' totals are there; else they are 0
};

/// The spikes of one population in one sample, in time order.
struct SampleSpikes {
    std::vector<std::uint32_t> step;  ///< within the sample
    std::vector<std::uint32_t> neuron;
};

/// An open run file. Every function throws InputError that names the file, and the object that is missing or damaged.
class RunReader {
public:
    /// Throws InputError when the file is missing, is not HDF5, is no run file, or is of a later format. HDF5 may crash
    /// on a damaged file, so a child process opens it first.
    explicit RunReader(const std::filesystem::path& path);

    const std::string& file_name() const { return reader_.file_name(); }
    const RunHeader& header() const { return header_; }
    /// Populations with recorded spikes or membranes, by name.
    const std::vector<RecordedPopulation>& populations() const { return populations_; }

    /// [samples]
    std::vector<std::int64_t> labels() const { return column("label"); }
    std::vector<std::int64_t> predictions() const { return column("prediction"); }
    /// [samples][layers]; empty where no sample is there yet.
    std::vector<std::int64_t> spikes_per_layer() const;

    std::uint64_t spike_count(const RecordedPopulation& population) const;
    /// Calls `take` with blocks of all spikes in time order: steps since the start of the run, and neurons in range.
    void for_each_spike_block(const RecordedPopulation& population,
                              const std::function<void(std::span<const std::uint64_t> step,
                                                       std::span<const std::uint64_t> neuron)>& take) const;
    SampleSpikes spikes(const RecordedPopulation& population, std::uint64_t sample) const;
    /// One neuron's membrane in one sample: [steps].
    std::vector<float> membrane(const RecordedPopulation& population, std::uint64_t sample, std::size_t neuron) const;

    /// Throws InputError unless the sample is in the file.
    void check_sample(std::uint64_t sample) const;
    /// Throws InputError "<file>: <text>".
    [[noreturn]] void fail(const std::string& text) const;

private:
    struct Unguarded {};
    RunReader(const std::filesystem::path& path, Unguarded);
    static const std::filesystem::path& tried(const std::filesystem::path& path);
    void touch_data() const;
    void read_header();
    void read_layers();
    void read_populations(const std::string& group, bool RecordedPopulation::*recorded);
    std::vector<std::int64_t> column(const std::string& name) const;
    std::uint64_t read_count(const std::string& path, const std::string& name) const;

    struct SpikeColumns {
        Hdf5Handle timestamps;
        Hdf5Handle node_ids;
        std::uint64_t rows = 0;
    };
    Hdf5Handle open_column(const std::string& path, std::uint64_t& rows) const;
    Hdf5Handle open_report(const RecordedPopulation& population) const;
    SpikeColumns open_spikes(const RecordedPopulation& population) const;
    double timestamp(const RecordedPopulation& population, const SpikeColumns& columns, std::uint64_t row) const;
    /// Reads rows first, first + 1, ... into `step` and `neuron`, which have one length.
    void read_spikes(const RecordedPopulation& population, const SpikeColumns& columns, std::uint64_t first,
                     std::span<std::uint64_t> step, std::span<std::uint64_t> neuron) const;

    Hdf5Reader reader_;
    Hdf5Handle file_;
    RunHeader header_;
    std::vector<RecordedPopulation> populations_;
};

}  // namespace axfire
