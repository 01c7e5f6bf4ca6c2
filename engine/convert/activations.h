// SPDX-License-Identifier: Apache-2.0
// What the activations of a network are over the samples of a data set.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/simulation/runner.h"

namespace axfire {

/// Counts positive values by their leading bits: bins of 1/512 of the value. What is not positive is left out.
class ActivationHistogram {
public:
    ActivationHistogram();
    void add(float value);

    float maximum() const { return maximum_; }
    std::uint64_t count() const { return count_; }
    double mean_of_positive() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

    /// The value that `percent` of the positive ones do not exceed, linear within a bin; the maximum at 100.
    double percentile(double percent) const;

private:
    std::vector<std::uint64_t> bins_;
    std::uint64_t count_ = 0;
    double sum_ = 0;
    float maximum_ = 0;
};

/// What of a data set is looked at, and how it is fed.
struct Calibration {
    const Dataset& data;
    EncoderOptions encoder;  ///< its steps are those of a spiking network; others are run for one step
    std::size_t samples;
    unsigned threads;
};

/// Runs the network in exact binary32 over the first samples; `sink` gets each sample's traces, by node, in order.
/// `steps` 0: as the calibration says.
void trace(const Network& network, const std::vector<TraceRequest>& traces, const Calibration& calibration,
           std::uint32_t steps, const std::function<void(std::size_t sample, std::vector<Trace>& traces)>& sink);

/// The network up to a node, which becomes its output. Indices of nodes change; names do not.
Network network_up_to(const Network& network, std::size_t node);

}  // namespace axfire
