// SPDX-License-Identifier: Apache-2.0
// A plain evaluation of a network over a batch in binary64, or in numbers that carry a derivative.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/network/network.h"
#include "neurons/model_info.h"
#include "tests/oracle/training/windows.h"

namespace axfire::oracle {

/// What a derivative is replaced by, and where gradients stop.
struct GradientRules {
    std::function<double(double)> surrogate;  ///< of u - threshold
    bool detach_reset = true;
    std::size_t truncate = 0;
    std::function<Dual(Dual, Dual)> product{};  ///< of an input and a weight; empty: the exact one
};

/// One element of one tensor, the variable: node, name, index.
struct Variable {
    std::size_t node;
    std::string tensor;
    std::size_t index;
};

template <class T>
class TrainingNetwork {
public:
    using Values = std::vector<T>;

    /// `shift`: what is added to the variable.
    TrainingNetwork(const Network& network, const GradientRules& rules, const Variable& variable, T shift)
        : network_(network), topology_(analyse(network)), rules_(rules), variable_(variable), shift_(shift) {}

    /// inputs: [sample][step][element]. Returns the values of the node whose signal leaves: [sample][step][element].
    std::vector<std::vector<Values>> run(const std::vector<std::vector<std::vector<float>>>& inputs) {
        samples_ = inputs.size();
        steps_ = inputs[0].size();
        out_.assign(network_.nodes.size(), {samples_, std::vector<Values>(steps_)});
        membrane_ = out_;
        current_ = out_;
        left_.assign(network_.nodes.size(), std::vector<std::vector<double>>(samples_));
        const bool normalises = std::any_of(network_.nodes.begin(), network_.nodes.end(), [](const Node& node) {
            return std::holds_alternative<nodes::BatchNorm>(node.kind);
        });
        for (std::size_t outer = 0; outer < (normalises ? network_.nodes.size() : steps_); ++outer) {
            for (std::size_t inner = 0; inner < (normalises ? steps_ : network_.nodes.size()); ++inner) {
                const std::size_t n = topology_.order[normalises ? outer : inner];
                const std::size_t t = normalises ? inner : outer;
                for (std::size_t s = 0; s < samples_; ++s) {
                    out_[n][s][t] = node(n, s, t, inputs[s][t]);
                }
            }
        }
        std::size_t last = 0;
        while (!std::holds_alternative<nodes::Output>(network_.nodes[last].kind)) {
            ++last;
        }
        return out_[last];
    }

    /// Membranes of a node: [sample][step][neuron].
    const std::vector<std::vector<Values>>& membranes(std::size_t node) const { return membrane_[node]; }

private:
    T parameter(std::size_t n, const char* tensor, const std::vector<float>& data, std::size_t i) const {
        const bool here = variable_.node == n && variable_.tensor == tensor && variable_.index == i;
        return here ? T(data[i]) + shift_ : T(data[i]);
    }
    bool cut(std::size_t t) const { return rules_.truncate != 0 && t % rules_.truncate == 0; }

    /// The product of an input and a weight.
    T times(const T& x, const T& w) const {
        if (rules_.product == nullptr) {
            return x * w;
        }
        const Dual product = rules_.product(Dual(value_of(x), slope_of(x)), Dual(value_of(w), slope_of(w)));
        return with_slope<T>(product);
    }
    const Shape& shape_of_input(std::size_t n) const {
        return topology_
            .shape[topology_.feed_forward[n].empty() ? topology_.recurrent[n][0] : topology_.feed_forward[n][0]];
    }

    /// What source i of a node gave.
    Values source(std::size_t n, std::size_t i, std::size_t s, std::size_t t) const {
        const auto& near = topology_.feed_forward[n];
        if (i < near.size()) {
            return out_[near[i]][s][t];
        }
        const std::size_t from = topology_.recurrent[n][i - near.size()];
        Values values(element_count(topology_.shape[from]), T(0));
        if (t > 0) {
            values = out_[from][s][t - 1];
            for (T& x : values) {
                x = cut(t) ? detached(x) : x;
            }
        }
        return values;
    }
    std::size_t sources(std::size_t n) const {
        return topology_.feed_forward[n].size() + topology_.recurrent[n].size();
    }
    Values named(std::size_t n, const std::string& name, std::size_t s, std::size_t t) const {
        for (std::size_t i = 0; i < sources(n); ++i) {
            const auto& near = topology_.feed_forward[n];
            const std::size_t from = i < near.size() ? near[i] : topology_.recurrent[n][i - near.size()];
            if (network_.nodes[from].name == name) {
                return source(n, i, s, t);
            }
        }
        return {};
    }

    Values node(std::size_t n, std::size_t s, std::size_t t, const std::vector<float>& input) {
        const Node& node = network_.nodes[n];
        if (std::holds_alternative<nodes::Input>(node.kind)) {
            return {input.begin(), input.end()};
        }
        if (const auto* concat = std::get_if<nodes::Concat>(&node.kind)) {
            return this->concat(n, *concat, s, t);
        }
        Values x = source(n, 0, s, t);
        for (std::size_t i = 1; i < sources(n) && std::holds_alternative<nodes::Neuron>(node.kind); ++i) {
            const Values more = source(n, i, s, t);
            for (std::size_t k = 0; k < x.size(); ++k) {
                x[k] = x[k] + more[k];
            }
        }
        if (const auto* linear = std::get_if<nodes::Linear>(&node.kind)) {
            return this->linear(n, *linear, x);
        }
        if (const auto* conv = std::get_if<nodes::Conv2d>(&node.kind)) {
            return conv2d(
                *conv, shape_of_input(n), topology_.shape[n], x,
                [&](std::size_t k) { return parameter(n, "weight", conv->weight.data, k); },
                [&](std::size_t o) { return parameter(n, "bias", conv->bias.data, o); },
                [&](const T& a, const T& w) { return times(a, w); });
        }
        if (const auto* pool = std::get_if<nodes::Pool2d>(&node.kind)) {
            return pool2d(*pool, shape_of_input(n), topology_.shape[n], x);
        }
        if (const auto* rearrange = std::get_if<nodes::Rearrange>(&node.kind)) {
            Values y;
            for (const std::uint32_t from : rearrange->source) {
                y.push_back(from == nodes::Rearrange::kFill ? T(rearrange->fill) : x[from]);
            }
            return y;
        }
        if (const auto* scale = std::get_if<nodes::Scale>(&node.kind)) {
            for (std::size_t i = 0; i < x.size(); ++i) {
                const T k = parameter(n, "scale", scale->scale.data, scale->scale.data.size() == 1 ? 0 : i);
                x[i] = scale->divide ? x[i] / k : x[i] * k;
            }
        } else if (const auto* bias = std::get_if<nodes::Bias>(&node.kind)) {
            for (std::size_t i = 0; i < x.size(); ++i) {
                x[i] = x[i] + parameter(n, "bias", bias->bias.data, bias->bias.data.size() == 1 ? 0 : i);
            }
        } else if (const auto* multiply = std::get_if<nodes::Multiply>(&node.kind)) {
            const Values a = named(n, multiply->inputs[0], s, t);
            const Values b = named(n, multiply->inputs[1], s, t);
            const std::size_t inner = a.size() / b.size();  // b has one value for each channel, or is like a
            for (std::size_t i = 0; i < a.size(); ++i) {
                x[i] = a[i] * b[i / inner];
            }
        } else if (std::holds_alternative<nodes::Softmax>(node.kind)) {
            T sum(0);
            for (const T& z : x) {
                sum = sum + exp_of(z);
            }
            for (T& z : x) {
                z = exp_of(z) / sum;
            }
        } else if (const auto* norm = std::get_if<nodes::BatchNorm>(&node.kind)) {
            normalise(n, *norm, x);
        } else if (const auto* neuron = std::get_if<nodes::Neuron>(&node.kind)) {
            this->neuron(n, *neuron, s, t, x);
        }
        return x;
    }

    static T exp_of(const T& x) {
        using std::exp;
        return exp(x);
    }

    Values linear(std::size_t n, const nodes::Linear& node, const Values& x) const {
        Values y(node.weight.shape[0], T(0));
        for (std::size_t o = 0; o < y.size(); ++o) {
            for (std::size_t i = 0; i < x.size(); ++i) {
                y[o] = y[o] + times(x[i], parameter(n, "weight", node.weight.data, o * x.size() + i));
            }
            if (!node.bias.empty()) {
                y[o] = y[o] + parameter(n, "bias", node.bias.data, o);
            }
        }
        return y;
    }

    Values concat(std::size_t n, const nodes::Concat& node, std::size_t s, std::size_t t) const {
        const Shape& out = topology_.shape[n];
        const std::size_t axis = *resolve_axis(node.axis, out.size());
        const std::size_t outer = element_count(Shape(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(axis)));
        Values y;
        for (std::size_t i = 0; i < outer; ++i) {
            for (const std::string& name : node.inputs) {
                const Values x = named(n, name, s, t);
                const std::size_t block = x.size() / outer;
                for (std::size_t k = 0; k < block; ++k) {
                    y.push_back(x[i * block + k]);
                }
            }
        }
        return y;
    }

    /// By the mean and variance over all samples, steps and places.
    void normalise(std::size_t n, const nodes::BatchNorm& node, Values& x) const {
        using std::sqrt;
        const std::size_t from = topology_.feed_forward[n][0];
        const std::size_t plane = x.size() / node.gamma.data.size();
        const double count = static_cast<double>(samples_ * steps_ * plane);
        for (std::size_t c = 0; c < node.gamma.data.size(); ++c) {
            T mean(0);
            T variance(0);
            const auto each = [&](const auto& visit) {
                for (std::size_t s = 0; s < samples_; ++s) {
                    for (std::size_t t = 0; t < steps_; ++t) {
                        for (std::size_t i = c * plane; i < (c + 1) * plane; ++i) {
                            visit(out_[from][s][t][i]);
                        }
                    }
                }
            };
            each([&](const T& v) { mean = mean + v / T(count); });
            each([&](const T& v) { variance = variance + (v - mean) * (v - mean) / T(count); });
            for (std::size_t i = c * plane; i < (c + 1) * plane; ++i) {
                x[i] = (x[i] - mean) / sqrt(variance + T(node.epsilon)) * parameter(n, "gamma", node.gamma.data, c) +
                       parameter(n, "beta", node.beta.data, c);
            }
        }
    }

    double constant(const nodes::Neuron& node, const char* name, std::size_t i, double other) const {
        const auto it = node.parameters.find(name);
        return it == node.parameters.end() ? other : it->second[it->second.size() == 1 ? 0 : i];
    }

    void neuron(std::size_t n, const nodes::Neuron& node, std::size_t s, std::size_t t, Values& x) {
        const bool state = node.model == "if" || node.model == "lif" || node.model == "cubalif" || node.model == "i" ||
                           node.model == "li" || node.model == "cubali";
        if (state) {
            membrane_[n][s][t].resize(x.size(), T(0));
            current_[n][s][t].resize(x.size(), T(0));
            left_[n][s].resize(x.size(), 0);
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = state ? membrane(n, node, s, t, i, x[i]) : activation(node, i, x[i]);
        }
    }

    T activation(const nodes::Neuron& node, std::size_t i, const T& x) const {
        using std::exp;
        using std::tanh;
        const double v = value_of(x);
        if (node.model == "relu") {
            return v > 0 ? x : T(0);
        }
        if (node.model == "clip") {
            const double low = constant(node, "low", i, 0);
            const double high = constant(node, "high", i, 6);
            return v < low ? T(low) : v > high ? T(high) : x;
        }
        if (node.model == "leaky_relu") {
            return v < 0 ? x * T(constant(node, "alpha", i, 0.01)) : x;
        }
        if (node.model == "hard_sigmoid") {
            const T y = x * T(constant(node, "alpha", i, 0.2)) + T(constant(node, "beta", i, 0.5));
            return value_of(y) < 0 ? T(0) : value_of(y) > 1 ? T(1) : y;
        }
        if (node.model == "hard_swish") {
            const T y = x / T(6) + T(0.5);
            return value_of(y) < 0 ? T(0) : value_of(y) > 1 ? x : x * y;
        }
        if (node.model == "sigmoid") {
            return T(1) / (T(1) + exp(T(0) - x));
        }
        if (node.model == "tanh") {
            return tanh(x);
        }
        if (node.model == "negate") {
            return T(0) - x;
        }
        if (node.model == "qcfs") {
            const double theta = constant(node, "theta", i, 1);
            const double levels = constant(node, "levels", i, 4);
            const double level = std::min(std::max(std::floor(v * levels / theta + 0.5), 0.0), levels);
            return stepped(x, level * theta / levels, v > 0 && v < theta ? 1 : 0);
        }
        return x;  // identity
    }

    /// One step of a neuron with a state; see docs/arithmetic.md for the equations.
    T membrane(std::size_t n, const nodes::Neuron& node, std::size_t s, std::size_t t, std::size_t i, const T& input) {
        const Conventions& how = network_.conventions;
        const double dt = how.dt_ms * 1e-3;
        const double leak = constant(node, "v_leak", i, 0);
        const double r = constant(node, "r", i, 1);
        const bool leaky = node.parameters.contains("tau_mem");
        const bool cuba = node.parameters.contains("tau_syn");
        const bool exponential = how.integrate == Integrate::exponential;
        T v = t == 0 ? T(constant(node, "v_init", i, leak)) : membrane_[n][s][t - 1][i];
        T current = t == 0 ? T(0) : current_[n][s][t - 1][i];
        if (cut(t)) {
            v = detached(v);
            current = detached(current);
        }
        const T held = v;
        T drive = input;
        if (cuba) {
            const double ratio = dt / constant(node, "tau_syn", i, 1);
            const double w = constant(node, "w_in", i, 1);
            const double decay = exponential ? std::exp(-ratio) : 1 - ratio;
            const double gain = exponential && how.decay_gain == DecayGain::complement ? w * (1 - decay) : w * ratio;
            const T before = current;
            current = current * T(decay) + input * T(gain);
            drive = how.cuba_order == CubaOrder::new_current ? current : before;
        }
        if (leaky) {
            const double ratio = dt / constant(node, "tau_mem", i, 1);
            if (exponential) {
                const double a = std::exp(-ratio);
                const double gain = how.decay_gain == DecayGain::ratio ? r * ratio : r * (1 - a);
                v = (v - T(leak)) * T(a) + drive * T(gain) + T(leak);
            } else {
                v = v + (T(leak) - v + drive * T(r)) * T(ratio);
            }
        } else {
            v = v + drive * T(how.input_gain == InputGain::step ? r : r * dt);
        }
        current_[n][s][t][i] = current;
        if (!find_model(node.model.c_str())->spiking) {
            membrane_[n][s][t][i] = v;
            return v;
        }
        double& left = left_[n][s][i];
        if (left > 0) {
            left -= 1;
            membrane_[n][s][t][i] = held;
            return T(0);
        }
        const double theta = constant(node, "v_threshold", i, 0);
        const T over = v - T(theta);
        const bool fired = how.fire == Fire::gt ? value_of(over) > 0 : value_of(over) >= 0;
        const T spike = stepped(over, fired ? 1 : 0, rules_.surrogate ? rules_.surrogate(value_of(over)) : 0);
        const T resets = rules_.detach_reset ? detached(spike) : spike;
        const double v_reset = constant(node, "v_reset", i, 0);
        membrane_[n][s][t][i] =
            how.reset == Reset::subtract ? v - resets * T(theta) : v * (T(1) - resets) + resets * T(v_reset);
        left = fired ? std::floor(constant(node, "t_ref", i, 0) / dt + 0.5) : 0;
        return spike;
    }

    const Network& network_;
    Topology topology_;
    GradientRules rules_;
    Variable variable_;
    T shift_;
    std::size_t samples_ = 0;
    std::size_t steps_ = 0;
    std::vector<std::vector<std::vector<Values>>> out_, membrane_, current_;  ///< [node][sample][step][element]
    std::vector<std::vector<std::vector<double>>> left_;  ///< steps of refractoriness: [node][sample][neuron]
};

}  // namespace axfire::oracle
