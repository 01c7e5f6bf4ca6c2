// SPDX-License-Identifier: Apache-2.0
// What the nodes gave for a batch, and the gradients of the loss with respect to it.
#pragma once

#include <bit>

#include "engine/train/graph.h"

namespace axfire::train {

/// Rows of values as binary32 bits; each row is padded for the lanes with +0.
struct Rows {
    std::size_t width = 0;
    std::size_t stride = 0;
    Buffer data;

    Rows() = default;
    Rows(std::size_t rows, std::size_t columns)
        : width(columns), stride((columns + kPad - 1) / kPad * kPad), data(rows * stride) {}
    u32* row(std::size_t r) { return data.data() + r * stride; }
    const u32* row(std::size_t r) const { return data.data() + r * stride; }
    bool empty() const { return data.empty(); }
};

inline float number(u32 bits) {
    return std::bit_cast<float>(bits);
}
inline u32 bits(float x) {
    return std::bit_cast<u32>(x);
}

/// Where a sample of the batch is in its steps.
struct Place {
    std::size_t sample;
    u32 step;
};

/// Rows are numbered sample * steps + step; a node that is the same in every step has one row for each sample.
struct Tape {
    std::size_t samples = 0;  ///< of this batch; the rows are there for as many as there can be
    u32 steps = 1;
    std::vector<Rows> out;                     ///< by node: what it emitted; absent values and missing events are +0
    std::vector<Rows> gradient;                ///< by node: of the loss, by what it emitted
    std::vector<Rows> v, current, refractory;  ///< by node: a neuron's state after each step
    std::vector<Rows> v_gradient;              ///< by node: of the loss, by v directly; for the output alone
    std::vector<u32> rows_of;                  ///< by node: rows of a sample, `steps` or 1

    std::size_t row(std::size_t node, Place at) const {
        return at.sample * rows_of[node] + (rows_of[node] == 1 ? 0 : at.step);
    }
    std::size_t rows(std::size_t node) const { return samples * rows_of[node]; }
};

/// sum += term, element by element, in binary32.
inline void add_to(u32* sum, const u32* term, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        sum[i] = bits(number(sum[i]) + number(term[i]));
    }
}

}  // namespace axfire::train
