// SPDX-License-Identifier: Apache-2.0
// Elements left out of a training pass.
#pragma once

#include <algorithm>

#include "arith/philox.h"
#include "engine/train/tape.h"

namespace axfire::train {

/// Where random numbers come from: `sample` numbers a sample over all epochs, `node` the place of a node.
struct DropoutDraw {
    std::uint64_t seed;
    std::uint64_t sample;
    u32 node;
};

/// Makes each value 0 with probability p and divides the others by the probability that they stay (Srivastava et al.,
/// JMLR 15, 2014): the same ones for the same draw, in every step and in both passes.
inline void drop(const DropoutDraw& draw, float p, u32* values, std::size_t n) {
    constexpr std::uint64_t kSubsequences = std::uint64_t{1} << 62;  // that no encoder and no rounding uses
    const std::uint64_t first = static_cast<std::uint64_t>(draw.node) << 32;
    for (std::size_t i = 0; i < n; i += 4) {
        const PhiloxBlock block = philox_block(draw.seed, kSubsequences + draw.sample, (first + i) / 4);
        for (std::size_t k = i; k < std::min(i + 4, n); ++k) {
            values[k] = philox_uniform(block.word[k % 4]) <= p ? 0 : bits(number(values[k]) / (1 - p));
        }
    }
}

}  // namespace axfire::train
