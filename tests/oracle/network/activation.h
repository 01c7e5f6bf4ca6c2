// SPDX-License-Identifier: Apache-2.0
// Neurons without a state, as the first table of docs/arithmetic.md, "Layers of conventional networks", has them.
#pragma once

#include "arith/elementary.h"
#include "tests/oracle/network/neuron.h"

namespace axfire::oracle {

inline bool stateless(const Node& node) {
    const auto* neuron = std::get_if<nodes::Neuron>(&node.kind);
    return neuron != nullptr && find_model(neuron->model.c_str())->stateless;
}

/// f of arith/elementary.h, on numbers.
template <class Function>
float in_binary32(Function f, float x) {
    return canonical(to_float(f(to_bits(x))));
}

/// The value of one neuron for the sum of its inputs, +0 where none arrived.
///
/// Additions, multiplications and mere bringing into the adder's format are numbered in the order of the equations:
///   leaky_relu: 0 I alpha; hard_sigmoid: 0 I alpha, 1 . + beta; hard_swish: those and 2 I h;
///   qcfs: 0 I L/theta, 1 . + 1/2, 2 floor theta/L; sigmoid, tanh: 0 the adder's format
struct Activation {
    const nodes::Neuron& node;
    std::size_t index;
    const Units& units;
    Where where;

    float operator()(std::optional<float> input) const {
        const float x = input.value_or(0.0F);
        const std::string& model = node.model;
        if (model == "relu") {
            return std::isnan(x) || x > 0 ? x : 0.0F;
        }
        if (model == "clip") {
            return cut_off(x, units.for_adder(get("low")), units.for_adder(get("high")));
        }
        if (model == "identity") {
            return x;
        }
        if (model == "negate") {
            return canonical(-x);
        }
        if (model == "leaky_relu") {
            return x < 0 ? times(0, x, get("alpha")) : x;
        }
        if (model == "hard_sigmoid") {
            return hard_sigmoid(x, get("alpha"), get("beta"));
        }
        if (model == "hard_swish") {
            const float h = hard_sigmoid(x, 1.0 / 6, 0.5);
            const float factor = units.into_multiplier(h, word(2, Word::term));
            return factor == 1 ? x : units.product(into_multiplier(2, x), factor, word(2, Word::sum));
        }
        if (model == "qcfs") {
            const double levels = get("levels");
            const double theta = get("theta");
            const float y = cut_off(add(1, times(0, x, levels / theta), 0.5), 0.0F, units.for_adder(levels));
            return times(2, std::floor(y), theta / levels);
        }
        if (model == "sigmoid") {
            return units.into_adder(in_binary32([](u32 y) { return fp_sigmoid(y); }, x), word(0, Word::sum));
        }
        if (model == "tanh") {
            return units.into_adder(in_binary32([](u32 y) { return fp_tanh(y); }, x), word(0, Word::sum));
        }
        throw std::logic_error("the reference does not know the model " + model);
    }

private:
    double get(const char* name) const { return parameter(node, name, index); }
    u32 word(u32 number, Word which) const { return where.word(static_cast<u32>(index), number, which); }
    float into_multiplier(u32 number, float x) const { return units.into_multiplier(x, word(number, Word::product)); }
    /// By exactly 1, as the unit holds it: no operation.
    float times(u32 number, float x, double constant) const {
        const float factor = units.for_multiplier(constant);
        return factor == 1 ? x : units.product(into_multiplier(number, x), factor, word(number, Word::sum));
    }
    float add(u32 number, float x, double constant) const {
        return units.sum(units.into_adder(x, word(number, Word::product)), units.for_adder(constant),
                         word(number, Word::sum));
    }
    /// By comparison: a NaN stays, and so does a zero's sign.
    static float cut_off(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
    float hard_sigmoid(float x, double alpha, double beta) const {
        return cut_off(add(1, times(0, x, alpha), beta), 0.0F, 1.0F);
    }
};

}  // namespace axfire::oracle
