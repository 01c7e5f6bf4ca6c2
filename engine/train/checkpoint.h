// SPDX-License-Identifier: Apache-2.0
// Everything that a training needs to go on as if it had never stopped, in a model file.
#pragma once

#include <filesystem>

#include "engine/train/log.h"
#include "engine/train/optimizer.h"
#include "engine/train/schedule.h"

namespace axfire::train {

/// Where a training stands.
struct Progress {
    std::uint32_t epoch = 0;     ///< finished ones
    std::uint64_t step = 0;      ///< finished ones of this epoch
    double loss = 0;             ///< summed over the samples of this epoch
    std::uint64_t correct = 0;   ///< of them
    std::uint64_t labelled = 0;  ///< of them
    double norm = 0;             ///< of the gradients, summed over the steps
    PlateauState plateau;
    TrainingLog log;
    std::uint32_t best_epoch = 0;  ///< of the highest test accuracy; 0: none
    std::vector<float> best;       ///< values() of that epoch, where early stopping needs them
};

/// All numbers of a network that a training changes, one after the other: parameters, running means and variances.
std::vector<float> values(const Network& network);
void set_values(Network& network, const std::vector<float>& values);

/// `configuration` is what must be the same for a training to be gone on with.
struct Checkpoint {
    Network network;
    std::string configuration;
    Optimizer::State optimizer;
    Progress progress;
};

/// The file appears complete or not at all and replaces another one.
void write_checkpoint(const std::filesystem::path& file, const Network& network, const std::string& configuration,
                      const Optimizer::State& optimizer, const Progress& progress);
/// Throws InputError with the file's name for one that is none.
Checkpoint read_checkpoint(const std::filesystem::path& file);

/// A model file with the training's configuration and log in the group /training.
void write_trained(const std::filesystem::path& file, const Network& network, const std::string& configuration,
                   const TrainingLog& log, bool overwrite);

}  // namespace axfire::train
