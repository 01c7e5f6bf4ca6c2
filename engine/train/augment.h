// SPDX-License-Identifier: Apache-2.0
// Random changes of training samples.
#pragma once

#include "datasets/sample.h"

namespace axfire::train {

struct AugmentOptions {
    std::uint32_t shift = 0;      ///< pixels: up to so many in each direction, +0 moves in ("crop" of a padded image)
    bool flip = false;            ///< left and right change places in half of the samples
    std::uint32_t jitter_us = 0;  ///< events: up to so much earlier or later
    double drop_events = 0;       ///< events: probability that one is left out

    bool any() const { return shift != 0 || flip || jitter_us != 0 || drop_events > 0; }
};

/// Changes a sample of the given shape ([..., height, width]; events index it in C order). The random numbers are those
/// of subsequence `draw`, so the change depends on nothing else.
void augment(const AugmentOptions& options, const std::vector<std::size_t>& shape, std::uint64_t seed,
             std::uint64_t draw, Sample& sample);

}  // namespace axfire::train
