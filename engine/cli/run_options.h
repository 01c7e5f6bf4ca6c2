// SPDX-License-Identifier: Apache-2.0
// What `axfire run` is told, and the network, data and simulation that follow from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "arith/spec_text.h"
#include "engine/cli/arithmetic_config.h"
#include "engine/cli/device_choice.h"
#include "engine/network/conventions.h"
#include "engine/record/run_file.h"
#include "engine/simulation/device/team.h"
#include "engine/simulation/runner.h"

namespace axfire::cli {

/// The flags of `axfire run`, as given.
struct RunFlags {
    std::string model;
    std::string data;
    std::uint32_t steps = 0;  ///< 0: the data set's own
    ConventionOverrides conventions;
    UnitTexts units;  ///< empty: as the configuration file says, else exact@fp32
    std::string weights;
    std::string config;  ///< TOML file with the arithmetic of layers; empty: none
    std::string table = "auto";
    std::string jit = "auto";
    bool multiply_spikes = false;
    bool fold_batch_norm = true;
    std::vector<double> mean, deviation;  ///< of the data's normalisation; empty: none
    bool accuracy_over_time = false;
    std::string encode;  ///< empty: events for event data, direct for other
    bool binary_events = false;
    double rate_scale = 1.0;
    std::string readout = "auto";
    std::string device = "auto";
    unsigned threads = 0;           ///< 0: all
    std::size_t batch = 0;          ///< 0: automatic
    std::size_t memory = 0;         ///< bytes; 0: the default
    std::size_t steps_at_once = 0;  ///< 0: as memory allows
    std::size_t samples = 0;        ///< 0: all
    std::uint64_t seed = 0;
    std::vector<std::string> record;
    std::string output;
    int deflate = 4;  ///< of the run file, 0 (none) to 9
    bool force = false;
    bool json = false;
    bool quiet = false;
};

/// Everything ready to run.
struct PreparedRun {
    Network network;
    std::unique_ptr<Dataset> data;
    std::unique_ptr<Simulation> simulation;
    DeviceChoice device;
    std::unique_ptr<DeviceTeam> on_devices;  ///< where the device is not the CPU
    Arithmetic arithmetic;                        ///< of the nodes for which the configuration file says nothing else
    RunOptions options;
    std::vector<RecordedPopulation> populations;  ///< one for each of options.traces
};

/// Reads the model, opens the data, compiles. Throws InputError.
PreparedRun prepare(const RunFlags& flags);

/// Everything that fixes the run, for the run file and the summary.
nlohmann::ordered_json configuration(const RunFlags& flags, const PreparedRun& run);

}  // namespace axfire::cli
