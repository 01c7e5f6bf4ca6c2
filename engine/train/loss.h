// SPDX-License-Identifier: Apache-2.0
// Losses over the output of a sample.
#pragma once

#include "engine/simulation/simulation.h"
#include "engine/train/tape.h"

namespace axfire::train {

enum class Loss : std::uint8_t {
    cross_entropy,  ///< of the softmax of the read-out: spike counts, last membrane, or mean value over the steps
    mse,            ///< mean square of read-out - (1 for the label, 0 for others); spikes count as their rate
    spike_count,    ///< mean square of the rate of spikes - (rate_true for the label, rate_false for others)
    membrane,       ///< cross entropy of the membrane, in every step; the mean of those
};

struct LossOptions {
    Loss loss = Loss::cross_entropy;
    Readout readout = Readout::sum;  ///< spikes, last or sum
    double rate_true = 0.8, rate_false = 0.2;
};

struct SampleLoss {
    float loss = 0;
    std::int32_t prediction = -1;
};

/// Checks that the loss fits the output. Throws InputError.
void check_loss(const LossOptions& options, const Node& output);

/// The read-out that `axfire run` takes for this output.
Readout natural_readout(const Node& output, bool events);

/// The loss of a sample; sets the gradients of the output's rows, of `share` times the loss. A sample without a label
/// has no loss and no gradient.
SampleLoss evaluate(const LossOptions& options, Tape& tape, std::size_t output, std::size_t sample, std::int32_t label,
                    float share);

}  // namespace axfire::train
