// SPDX-License-Identifier: Apache-2.0
// The slopes of an approximate product, which the backward pass may take instead of the exact one's.
#pragma once

#include "engine/train/node_gradient.h"

namespace axfire::train {

/// The slopes of mul(x, w) at a projection: by x a function of w alone, by w one of x alone. For each significand of
/// one operand it is the slope of the line that fits the products with all significands of the other, from 1 to 2, by
/// least squares, before rounding; signs and exponents go in exactly. Of an exact multiplier that would be the operand
/// itself, so the backward pass is the usual one with other operands. (Tables by one operand: Meng, Burleson and De
/// Micheli, arXiv:2509.10519, 2025.)
class ProductSlopes {
public:
    /// Nothing where operands are wanted, or where the product is exact or not made: of spikes.
    /// Throws InputError for a format of more than 10 fraction bits, and for a model of a whole operation.
    explicit ProductSlopes(const GradientContext& context);

    bool none() const { return by_x_.empty(); }
    /// d mul / dx for each weight; the weights themselves where there are no slopes. `space` may hold them.
    const std::vector<float>& by_x(const std::vector<float>& weights, std::vector<float>& space) const;
    /// d mul / dw for each x, in place.
    void by_w(u32* x, std::size_t n) const;

private:
    StageContext context_;
    std::vector<float> by_x_, by_w_;  ///< slope over operand, by the operand's fraction
};

}  // namespace axfire::train
