// SPDX-License-Identifier: Apache-2.0
// Nodes whose elements do not see each other: scale, bias, batchnorm, multiply.
#pragma once

#include <algorithm>
#include <cmath>

#include "tests/oracle/network/synapse.h"

namespace axfire::oracle {

/// In a random word's place of an operand: an input that is brought into the multiplier's format.
inline constexpr u32 kInputOperand = 0xffffff;

/// One element of such a node. Operands number its operations in their random words: a product has operand 0 and an
/// addition operand 1, where a node has but one of each.
struct Element {
    const Units& units;
    Where where;
    u32 index = 0;

    /// By a number that is converted already, in the product `operand`. By exactly 1, as the unit holds it: no
    /// operation.
    float by(float x, float factor, u32 operand) const {
        if (factor == 1) {
            return x;
        }
        return units.product(units.into_multiplier(x, where.word(index, kInputOperand, Word::product)), factor,
                             where.word(index, operand, Word::product));
    }
    /// By a constant given in binary64.
    float scaled(float x, double constant, u32 operand = 0) const {
        return by(x, units.for_multiplier(constant), operand);
    }
    /// By another signal.
    float times(float a, float b, u32 operand = 0) const {
        return by(a, units.into_multiplier(b, where.word(index, operand, Word::term)), operand);
    }
    /// What did not arrive is +0, and the sum then known when the network is loaded.
    float biased(std::optional<float> x, double constant) const {
        const float b = units.for_adder(constant);
        if (!x) {
            return units.sum_at_load(0.0F, b);
        }
        return units.sum(units.into_adder(*x, where.word(index, 1, Word::product)), b, where.word(index, 1, Word::sum));
    }
};

/// Multiplies a signal by constants, as a synapse does.
struct Scaling {
    bool events;  ///< of the source
    bool multiply_spikes;

    std::optional<float> operator()(const Element& element, std::optional<float> x, double constant) const {
        if (x && *x == 1 && events && !multiply_spikes) {
            return element.units.for_adder(constant);
        }
        return x ? std::optional(element.scaled(*x, constant)) : x;  // what did not arrive stays so
    }
};

inline float of_element(const Tensor& values, std::size_t i) {
    return values.data[values.data.size() == 1 ? 0 : i];
}

inline Values scaled(const nodes::Scale& node, const Values& x, const Scaling& scaling, Element element) {
    Values out;
    for (element.index = 0; element.index < x.size(); ++element.index) {
        const double s = of_element(node.scale, element.index);
        out.push_back(scaling(element, x[element.index], node.divide ? 1 / s : s));
    }
    return out;
}

inline bool all_zero(const std::vector<float>& values) {
    return std::all_of(values.begin(), values.end(), [](float x) { return x == 0; });  // false for NaN
}

/// One of only zeros counts as none.
inline Values biased(const nodes::Bias& node, const Values& x, Element element) {
    if (all_zero(node.bias.data)) {
        return x;
    }
    Values out;
    for (element.index = 0; element.index < x.size(); ++element.index) {
        out.push_back(element.biased(x[element.index], of_element(node.bias, element.index)));
    }
    return out;
}

/// The first axis has the channels.
inline Values normalised(const nodes::BatchNorm& node, const Values& x, const Shape& shape, const Scaling& scaling,
                         Element element) {
    std::vector<double> factor;
    std::vector<double> shift;
    bool shifts = false;
    for (std::size_t c = 0; c < shape[0]; ++c) {
        factor.push_back(node.gamma.data[c] / std::sqrt(node.variance.data[c] + node.epsilon));
        shift.push_back(node.beta.data[c] - node.mean.data[c] * factor[c]);
        shifts = shifts || shift[c] != 0;  // true for NaN
    }
    Values out;
    const AxisView channels(shape, 0);
    for (element.index = 0; element.index < x.size(); ++element.index) {
        const std::size_t c = element.index / channels.behind;
        const std::optional<float> product = scaling(element, x[element.index], factor[c]);
        out.push_back(shifts ? element.biased(product, shift[c]) : product);
    }
    return out;
}

/// b's element beside that of a with an index; b repeats where it has an extent of 1.
inline std::size_t beside(std::size_t index, const Shape& a, const Shape& b) {
    std::size_t result = 0;
    std::size_t stride = 1;
    for (std::size_t axis = a.size(); axis-- > 0;) {
        result += (b[axis] == 1 ? 0 : index % a[axis]) * stride;
        index /= a[axis];
        stride *= b[axis];
    }
    return result;
}

/// What did not arrive gives nothing.
inline Values multiplied(const Values& a, const Shape& a_shape, const Values& b, const Shape& b_shape,
                         Element element) {
    Values out;
    for (element.index = 0; element.index < a.size(); ++element.index) {
        const std::optional<float> factor = b[beside(element.index, a_shape, b_shape)];
        const std::optional<float> x = a[element.index];
        out.push_back(x && factor ? std::optional(element.times(*x, *factor)) : std::nullopt);
    }
    return out;
}

}  // namespace axfire::oracle
