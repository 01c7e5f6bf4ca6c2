// SPDX-License-Identifier: Apache-2.0
// The random word of one rounding: a function of where the operation stands, never of when or by whom it is done.
#pragma once

#include "arith/philox.h"

namespace axfire {

/// As an operand: the first of those that add a further source's signal to a neuron's input; its own operations count
/// from 0.
inline constexpr u32 kSourceOperand = 0x800000u;

/// What the operations of one node share in one step of one sample.
struct RandomSite {
    u64 seed = 0;
    u32 sample = 0;
    u32 step = 0;  ///< below 2^24
    u32 node = 0;  ///< below 2^15
};

/// The four roundings that one place may need, each with its word of the place's block.
enum class Role : unsigned char {
    product,  ///< a product; the first operand of a neuron's operation, brought into the unit's format
    term,     ///< a product into the adder's format; the second operand of a neuron's operation
    sum,      ///< a term added; a neuron's result
    join,     ///< a bias or a partial sum added
};

/// As an operand: the input whose index stands as the output, brought into the multiplier's format for all its uses.
inline constexpr u32 kInputOperand = 0xffffffu;

/// Operation `operand` of each lane's output. The word is drawn only where a rounding asks for it.
template <class U>
struct Draw {
    const RandomSite& site;
    U output;
    u32 operand;  ///< below 2^24 - 1: the input's index, or the operation's number in a neuron's update
    Role role;

    /// Counter: output; operand and the node's low byte; sample; step and the rest of the node, with the top bit set,
    /// which no encoder's counter has.
    AXFIRE_FN U word() const {
        const PhiloxLanes<U> counter{{output, splat<U>(operand | (site.node & 0xffu) << 24), splat<U>(site.sample),
                                      splat<U>(site.step | (site.node >> 8 | 0x80u) << 24)}};
        return philox(counter, site.seed).word[static_cast<unsigned>(role)];
    }
};

}  // namespace axfire
