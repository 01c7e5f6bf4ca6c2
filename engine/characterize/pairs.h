// SPDX-License-Identifier: Apache-2.0
// The operand pairs of a measurement, by index: all there are, or a seeded sample.
#pragma once

#include "arith/philox.h"

namespace axfire {

/// Up to this many bits of both operands together, all pairs are measured.
inline constexpr u32 kAllPairsBits = 24;

/// What is drawn where there are too many pairs to take all.
struct Sampling {
    u64 pairs = u64{1} << 24;
    u64 seed = 0;
};

struct OperandPair {
    u32 a;
    u32 b;
};

/// Pairs of `bits`-bit numbers (bits <= 32). A pair is a function of its index, so that any thread may make it.
struct PairSource {
    u32 bits = 0;
    bool sampled = false;
    u64 count = 0;
    u64 seed = 0;
    u64 stream = 0;  ///< samples of different streams are independent

    /// All pairs if both operands have at most `all_bits` bits together, else the sample.
    static PairSource choose(u32 bits, u32 all_bits, const Sampling& sampling, u64 stream = 0) {
        if (2 * bits <= all_bits) {
            return {bits, false, u64{1} << (2 * bits), 0, 0};
        }
        return {bits, true, sampling.pairs, sampling.seed, stream};
    }

    /// All: ascending, a first. Sampled: the top bits of words 0 and 1 of Philox block `index`.
    OperandPair operator[](u64 index) const {
        if (!sampled) {
            return {static_cast<u32>(index >> bits), static_cast<u32>(index & ((u64{1} << bits) - 1))};
        }
        const PhiloxBlock block = philox_block(seed, stream, index);
        return {block.word[0] >> (32 - bits), block.word[1] >> (32 - bits)};
    }
};

}  // namespace axfire
