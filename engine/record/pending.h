// SPDX-License-Identifier: Apache-2.0
// Samples that wait in memory for the next write.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <vector>

#include "engine/record/run_file.h"

namespace axfire {

/// Collects sample records as the columns of the run file's datasets.
class PendingSamples {
public:
    /// `options` must outlive this.
    explicit PendingSamples(const RunFileOptions& options);

    /// Adds the next sample of the run. Throws std::logic_error when the record does not fit the options or the samples
    /// before: number of populations, steps and neurons in range, spikes in order, length of membranes and read-outs.
    void add(const SampleRecord& sample);
    /// Appends everything to the datasets of write_schema() and forgets it. Throws InputError.
    void write(hid_t file);

    std::size_t samples() const { return label_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    struct Population {
        std::vector<double> timestamps;  // ms
        std::vector<std::uint64_t> node_ids;
        std::vector<float> membrane;  // [frames][neurons]
    };

    void check(const RecordedPopulation& population, const Trace& trace) const;
    void add_population(std::size_t index, const Trace& trace);

    const RunFileOptions& options_;
    std::size_t next_ = 0;  // number of the sample that comes next
    std::size_t bytes_ = 0;
    std::size_t readout_width_ = 0;
    std::size_t layers_ = 0;
    std::vector<std::int32_t> label_;
    std::vector<std::int32_t> prediction_;
    std::vector<float> readout_;                   // [samples][readout_width_]
    std::vector<std::uint32_t> spikes_per_layer_;  // [samples][layers_]
    std::vector<Population> populations_;
};

}  // namespace axfire
