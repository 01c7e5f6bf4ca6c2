// SPDX-License-Identifier: Apache-2.0
// Times one-layer networks under several arithmetics.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/bench/cases.h"
#include "engine/simulation/simulation.h"

namespace axfire::bench {

/// A mul and an add, as the report names them.
struct Contender {
    std::string name;
    MultiplierSpec mul;
    AdderSpec add;
};

/// Nanoseconds for each operation, over the repetitions.
struct Timing {
    double median = 0, least = 0, most = 0;
    std::size_t repetitions = 0;
};

struct Measurement {
    std::string kernel, shape, unit;
    std::string arithmetic;
    std::uint64_t operations;  ///< in one repetition
    Timing ns;
    double against_native;  ///< the time over that of exact@fp32, the same kernel in the same run
};

struct BenchOptions {
    std::uint64_t seed = 1;
    double seconds = 0.2;  ///< of each measurement, and at least 5 repetitions
    std::vector<Contender> contenders;
    std::vector<std::string> kernels;  ///< names of cases; none: all
    Notice notice;
};

/// Every case under every contender; exact@fp32 is put before them. Before it is timed, each result is compared with
/// that of the general kernels. Throws std::runtime_error where they differ.
std::vector<Measurement> run_cases(const BenchOptions& options, const std::function<void(const Measurement&)>& each);

/// The scalar behavioural model of a multiply-accumulate with loa(k=12)@fp32, 512 inputs to 64 outputs. Throws
/// std::runtime_error where the engine's result for the same sums has other bits.
Timing time_scalar_model(const BenchOptions& options);

/// The arithmetics that a report shows by default; with `every_unit` all adders beside an exact multiplier and all
/// multipliers beside loa(k=12), at the parameters of the catalogue's examples.
std::vector<Contender> default_contenders(bool every_unit);

}  // namespace axfire::bench
