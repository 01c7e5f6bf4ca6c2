// SPDX-License-Identifier: Apache-2.0
// The loop over epochs and batches.
#pragma once

#include <functional>

#include "engine/train/augment.h"
#include "engine/train/checkpoint.h"
#include "engine/train/loss.h"
#include "engine/train/network_text.h"
#include "engine/train/program.h"

namespace axfire::train {

struct TrainOptions {
    /// The arithmetic of each node; empty: program.arithmetic for all.
    std::function<std::vector<Arithmetic>(const Network&)> node_wise;
    ProgramOptions program;  ///< what the data and the network decide is filled in
    EncoderOptions encoder;
    LossOptions loss;
    OptimizerOptions optimizer;
    ScheduleOptions schedule;
    AugmentOptions augment;
    std::uint32_t epochs = 5;
    std::size_t samples = 0;             ///< the first of the training data; 0: all
    std::size_t test_samples = 0;        ///< 0: all
    std::uint32_t patience = 0;          ///< epochs without a higher test accuracy after which training ends; 0: never
    std::filesystem::path checkpoint;    ///< file; empty: none
    std::uint64_t checkpoint_steps = 0;  ///< a checkpoint each so many steps; 0: by time alone
    double checkpoint_seconds = 60;      ///< ... and each so many seconds
    std::string configuration;           ///< of the checkpoint and the model file
};

/// What the user is shown.
struct Report {
    std::uint32_t epoch;  ///< from 1
    std::uint64_t step, steps;
    double loss, accuracy;  ///< of the epoch so far
    bool epoch_done;        ///< then the log has it
    double seconds_left;
};

/// Trains on batches of samples in an order drawn anew for each epoch. Every random number is a function of the seed
/// and of where it is used, so a training gives the same bits for any number of threads, and whether or not it was
/// interrupted.
class Trainer {
public:
    /// Throws InputError for what cannot be trained.
    Trainer(DescribedNetwork network, const Dataset& train, const Dataset* test, const TrainOptions& options);

    /// Goes on from a checkpoint; throws InputError where it is one of another training.
    void resume();
    /// Trains. Throws std::runtime_error where the loss is no longer a number, with the node and the step.
    void run(const std::function<void(const Report&)>& report);

    /// The trained network, without the nodes that dropout stands at.
    Network network() const { return without_dropout(network_.network, network_.dropout); }
    const TrainingLog& log() const { return progress_.log; }
    std::uint32_t best_epoch() const { return progress_.best_epoch; }
    std::uint64_t steps_per_epoch() const { return (samples_ + batch_ - 1) / batch_; }
    std::size_t bytes() const { return program_->bytes(); }
    /// Accuracy of the network as it is now on the test data, as `axfire run` gives it.
    double test() const;

private:
    void epoch(const std::function<void(const Report&)>& report);
    void step(const std::vector<std::uint32_t>& order);
    void load(std::size_t slot, std::size_t sample, std::uint64_t draw);
    void end_epoch();
    void save();
    [[noreturn]] void diverged(const std::string& what) const;

    DescribedNetwork network_;
    const Dataset& train_;
    const Dataset* test_;
    TrainOptions options_;
    std::size_t samples_, batch_;
    std::unique_ptr<Program> program_;
    std::unique_ptr<Optimizer> optimizer_;
    Progress progress_;
    std::vector<std::int32_t> labels_;  ///< of the batch
    double rate_ = 0;
};

}  // namespace axfire::train
