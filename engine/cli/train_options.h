// SPDX-License-Identifier: Apache-2.0
// What `axfire train` and `axfire retrain` are told, and the training that follows from it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/cli/arithmetic_config.h"
#include "engine/network/conventions.h"
#include "engine/train/trainer.h"

namespace axfire::cli {

struct TrainFlags {
    bool again = false;  ///< `retrain`: the model is a file with weights
    std::string model;
    std::size_t classes = 10;
    std::string data, test_data;
    std::size_t samples = 0, test_samples = 0;
    std::uint32_t steps = 0;
    ConventionOverrides conventions;
    std::string encode;
    bool binary_events = false;
    double rate_scale = 1;
    std::vector<double> mean, deviation;
    bool fold_batch_norm = true;

    UnitTexts units, backward;
    std::string config, weights, table = "auto", jit = "auto";
    bool multiply_spikes = false;

    std::uint32_t epochs = 5;
    std::size_t batch = 64;
    double rate = 1e-3;
    std::string optimizer = "adam";
    train::OptimizerOptions optimizing;
    std::string schedule = "cosine";
    train::ScheduleOptions scheduling;
    std::string loss = "cross-entropy";
    train::LossOptions losing;
    std::string surrogate = "arctan";
    std::string product_gradient = "ste";
    train::GradientOptions gradient;
    train::AugmentOptions augment;
    std::uint32_t patience = 0;
    std::uint64_t seed = 0;
    unsigned threads = 0;

    std::string output, curves, checkpoint;
    std::uint64_t checkpoint_steps = 0;
    bool resume = false, force = false, json = false, quiet = false;
};

struct PreparedTraining {
    std::unique_ptr<Dataset> train, test;
    std::unique_ptr<train::Trainer> trainer;
    nlohmann::ordered_json configuration;  ///< everything that fixes the result
    std::uint32_t steps = 1;
    unsigned threads = 1;
};

/// Reads or builds the network, opens the data, compiles. Throws InputError.
PreparedTraining prepare_training(const TrainFlags& flags);

}  // namespace axfire::cli
