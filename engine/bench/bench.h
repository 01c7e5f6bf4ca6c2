// SPDX-License-Identifier: Apache-2.0
// Times one-layer networks under several arithmetics.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/bench/cases.h"
#include "engine/bench/contenders.h"
#include "engine/bench/timing.h"
#include "engine/simulation/simulation.h"

namespace axfire::bench {

struct Measurement {
    std::string kernel, shape, unit;
    std::string arithmetic;
    std::uint64_t operations;      ///< in one repetition
    Timing ns;                     ///< for each operation
    double against_native = 1;     ///< the time over that of exact@fp32, the same kernel in the same run
    std::optional<Timing> scalar;  ///< of the arithmetic's scalar model, timed in the same run
};

struct BenchOptions {
    std::uint64_t seed = 1;
    double seconds = 0.2;  ///< of each measurement, and at least 5 repetitions
    std::vector<Contender> contenders;
    std::vector<std::string> kernels;  ///< names of cases; none: all
    Notice notice;
};

/// Every case under every contender; exact@fp32 is put before them. Before it is timed, each result is compared with
/// that of the general kernels, and that of a scalar model with the engine's. Throws std::runtime_error where they
/// differ.
std::vector<Measurement> run_cases(const BenchOptions& options, const std::function<void(const Measurement&)>& each);

/// How long one sample takes at one value of a quantity.
struct GrowthMeasurement {
    std::string quantity, kernel, shape, arithmetic;
    double value;
    std::string unit;
    std::uint64_t operations;  ///< of the sample
    Timing ns;                 ///< for the sample
};

/// The growths of those kernels under exact@fp32 and every contender; results are compared as above.
/// Throws InputError where there is none.
std::vector<GrowthMeasurement> run_growths(const BenchOptions& options,
                                           const std::function<void(const GrowthMeasurement&)>& each);

/// The scalar model of one of the cases linear, linear-spikes, if, lif and cubalif. None where there is no model.
/// Throws std::runtime_error where the engine's result has other bits: sums of layers, spikes and membranes of neurons.
std::optional<Timing> time_scalar_model(const std::string& name, const Contender& contender,
                                        const BenchOptions& options);

}  // namespace axfire::bench
