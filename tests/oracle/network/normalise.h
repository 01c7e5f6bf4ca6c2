// SPDX-License-Identifier: Apache-2.0
// Nodes whose elements are divided by what others are: lrn and softmax. What did not arrive is +0.
#pragma once

#include <algorithm>

#include "arith/elementary.h"
#include "tests/oracle/network/elementwise.h"
#include "tests/oracle/network/maxpool.h"

namespace axfire::oracle {

/// The first axis has the channels, C of them. A square has operand 0, its scaling 1, the last product 2; the addition
/// of channel i to the sum of channel c has 3 + c (C + 1) + i, i = C for the bias, and the place within a channel as
/// output.
inline Values response_normalised(const nodes::Lrn& node, const Values& x, const Shape& shape, Element element) {
    const Units& units = element.units;
    const AxisView view(shape, 0);
    const u32 channels = static_cast<u32>(view.along);
    std::vector<float> square;
    for (element.index = 0; element.index < x.size(); ++element.index) {
        const float v = x[element.index].value_or(0.0F);
        square.push_back(element.scaled(element.times(v, v, 0), node.alpha / static_cast<double>(node.size), 1));
    }
    Values out;
    for (u32 c = 0; c < channels; ++c) {
        for (u32 at = 0; at < view.behind; ++at) {
            const auto word = [&](u32 term, Word which) {
                return element.where.word(at, 3 + c * (channels + 1) + term, which);
            };
            float t = 0;
            for (u32 i = 0; i < channels; ++i) {
                if (i + (node.size - 1) / 2 >= c && i <= c + node.size / 2) {
                    const float term = units.into_adder(square[view.index(0, i, at)], word(i, Word::term));
                    t = units.sum(t, term, word(i, Word::sum));
                }
            }
            t = units.sum(t, units.for_adder(node.bias), word(channels, Word::sum));
            const float p = to_float(fp_pow<u32>(to_bits(t), to_bits(static_cast<float>(-node.beta))));
            element.index = static_cast<u32>(out.size());
            out.push_back(element.times(x[out.size()].value_or(0.0F), canonical(p), 2));
        }
    }
    return out;
}

/// In binary32 along the axis, then rounded to the adder's format.
inline Values softmax_of(const nodes::Softmax& node, const Values& x, const Shape& shape, const Units& units) {
    const AxisView view(shape, axis_of(node.axis, shape));
    Values out(x.size());
    for (std::size_t outer = 0; outer < view.before; ++outer) {
        for (std::size_t inner = 0; inner < view.behind; ++inner) {
            const auto value = [&](std::size_t i) { return x[view.index(outer, i, inner)].value_or(0.0F); };
            float most = value(0);
            for (std::size_t i = 1; i < view.along; ++i) {
                most = larger(value(i), most) ? value(i) : most;
            }
            float sum = 0;
            std::vector<float> e;
            for (std::size_t i = 0; i < view.along; ++i) {
                e.push_back(to_float(fp_exp<u32>(to_bits(canonical(value(i) - most)))));
                sum = canonical(sum + e[i]);
            }
            for (std::size_t i = 0; i < view.along; ++i) {
                const u32 index = static_cast<u32>(view.index(outer, i, inner));
                out[index] = units.for_adder(canonical(e[i] / sum));  // to nearest: docs/arithmetic.md gives no word
            }
        }
    }
    return out;
}

}  // namespace axfire::oracle
