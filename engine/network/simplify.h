// SPDX-License-Identifier: Apache-2.0
// Nodes joined with their neighbours. A node is only joined with a source that nothing else uses.
#pragma once

#include "engine/network/network.h"

namespace axfire {

/// A bias after a convolution or linear node without one becomes that node's bias, where it is the same all over each
/// channel. The operations stay the same.
void merge_biases(Network& network);

/// A sum of signals (an `identity` with several sources) before a stateless neuron becomes that neuron's sum. The
/// operations stay the same.
void merge_sums(Network& network);

/// Batch normalisation after a convolution or linear node goes into its weights and bias, computed in binary64 and
/// rounded once: w gamma / sqrt(variance + epsilon) and (b - mean) gamma / sqrt(variance + epsilon) + beta. Others
/// stay.
void fold_batch_norm(Network& network);

}  // namespace axfire
