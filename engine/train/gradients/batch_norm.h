// SPDX-License-Identifier: Apache-2.0
// Batch normalisation in training: by the mean and variance of the batch.
#pragma once

#include "engine/train/node_gradient.h"
#include "engine/train/team.h"

namespace axfire::train {

/// y = (x - mean) gamma / sqrt(variance + epsilon) + beta, with the mean and variance of each channel over the batch,
/// its steps and the image (Ioffe and Szegedy, ICML 2015; over the steps too: Zheng et al., AAAI 2021). The
/// normalisation itself is the inference's, a product and a sum in the layer's arithmetic. Statistics and gradients
/// are formed in binary64, each channel's in eight interleaved sums.
///
/// Throws Diverged where they are no numbers.
class BatchNormLayer {
public:
    BatchNormLayer(const nodes::BatchNorm& node, const GradientContext& context);

    /// Normalises the rows of the batch and moves the running mean and variance of `node` a tenth of the way.
    void forward(Tape& tape, nodes::BatchNorm& node, std::vector<Space>& spaces, Team& team);
    /// Adds to the source's gradient; gradients: gamma's and beta's.
    void backward(Tape& tape, const nodes::BatchNorm& node, const TensorGradients& gradients, Team& team);

private:
    struct Channel {
        double mean, variance, inverse;
    };
    template <class Term>
    double sum(const Tape& tape, std::size_t channel, const Term& term) const;
    const u32* source_row(const Tape& tape, std::size_t row) const { return tape.out[from_].row(row); }

    StageContext context_;
    std::size_t node_, from_, channels_, plane_;
    bool learns_;  ///< the source does
    std::vector<Channel> channel_;
};

}  // namespace axfire::train
