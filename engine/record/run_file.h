// SPDX-License-Identifier: Apache-2.0
// The run file: SONATA spikes and membrane reports, and what the run was and found; written while the run goes on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "engine/record/trace.h"

namespace axfire {

/// A population whose spikes or membranes are recorded.
struct RecordedPopulation {
    std::string name;  ///< the node's name
    std::string type;  ///< the node's type
    std::size_t neurons;
    std::vector<std::size_t> shape;
    bool spikes = false;
    bool membrane = false;
    double threshold = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none, or not the same for all neurons
};

/// Totals of one layer, as the JSON summary has them.
struct LayerTotals {
    std::string name;
    std::string type;
    std::size_t neurons = 0;
    std::uint64_t spikes = 0;
    std::uint64_t synaptic_operations = 0;  ///< accumulations into a sum
    std::uint64_t multiplications = 0;      ///< products formed for them
    std::uint64_t neuron_updates = 0;
};

struct RunFileOptions {
    std::filesystem::path path;
    bool overwrite = false;
    double dt_ms = 1.0;
    std::uint32_t steps = 0;  ///< of each sample
    std::size_t samples = 0;  ///< planned
    std::vector<RecordedPopulation> populations;
    std::string configuration;  ///< JSON text of everything that fixes the run
    std::uint64_t seed = 0;
    std::string version;  ///< of the program
    /// The layers of the summary in their order; the totals are ignored. Empty: finish() names them, and an unfinished
    /// file does not.
    std::vector<LayerTotals> layers;
    /// Compression of spikes, membranes and samples: 0 (none) to 9. libsonata's wheels on PyPI are built without it
    /// (0.1.29, 0.1.34 and 0.2.2 were tried) and read only files of 0; h5py and most other programs read all.
    unsigned deflate = 4;
    /// Least time between two commits; longer where copying the file would take more than a twentieth of the time.
    /// Negative: every append() commits.
    double commit_seconds = 1.0;
};

/// What one sample gave.
struct SampleRecord {
    std::int32_t label = -1;
    std::int32_t prediction = -1;
    std::vector<float> readout;                   ///< the value of each output (spike counts, membranes)
    std::vector<Trace> populations;               ///< in the order of RunFileOptions::populations
    std::vector<std::uint32_t> spikes_per_layer;  ///< in the order of the summary's layers
};

/// How often each label got each prediction.
struct Confusion {
    std::size_t classes = 0;
    std::vector<std::uint64_t> samples;  ///< [label][prediction]
};

/// Writes a run file. At every moment the file at `path` is a closed, valid HDF5 file that holds what was committed
/// last and says in /axfire/status whether the run is "running" (unfinished) or "finished".
class RunFile {
public:
    /// Creates the file (and a first commit) at once. Throws InputError when it exists and overwrite is off, or when it
    /// cannot be written.
    explicit RunFile(RunFileOptions options);
    /// Without finish(): commits what is pending, as well as it can, and leaves the status at "running".
    ~RunFile();
    RunFile(const RunFile&) = delete;
    RunFile& operator=(const RunFile&) = delete;

    /// Adds the next samples in order; commits when it is time. Throws InputError (disk full and the like); the last
    /// commit is kept, and every later call throws too. Throws std::logic_error when a record does not fit the options.
    void append(const std::vector<SampleRecord>& samples);
    /// Writes the totals and the summary (JSON text), sets the status to "finished", and commits.
    void finish(const std::vector<LayerTotals>& layers, const std::string& summary, const Confusion& confusion = {});

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace axfire
