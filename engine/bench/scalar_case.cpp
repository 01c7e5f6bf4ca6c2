// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/bench/scalar_model.h"

namespace axfire::bench {

namespace {

constexpr std::size_t kOutputs = 64;
constexpr std::size_t kNeurons = 1024;

/// Values as the first operation takes them.
std::vector<float> converted(std::vector<float> values, const scalar::Unit& unit) {
    for (float& x : values) {
        x = scalar::round_to(x, unit.exponent_bits, unit.fraction_bits);
    }
    return values;
}

class ScalarLayer : public ScalarCase {
public:
    ScalarLayer(const scalar::Library& models, const scalar::Arithmetic& arithmetic, const Case& c)
        : models_(models), sample_(c.sample), events_(c.events) {
        const auto& weight = std::get<nodes::Linear>(c.network.nodes[1].kind).weight;
        const std::size_t inputs = weight.shape[1];
        const std::size_t outputs = std::min(weight.shape[0], kOutputs);
        for (std::size_t i = 0; i < inputs; ++i) {
            for (std::size_t o = 0; o < outputs; ++o) {
                weights_.push_back(weight.data[o * inputs + i]);
            }
        }
        weights_ = converted(weights_, events_ ? arithmetic.adder : arithmetic.multiplier);
        values_ = converted(c.sample.values, arithmetic.multiplier);
        layer_ = {arithmetic, static_cast<int>(inputs), static_cast<int>(outputs), weights_.data()};
        sums_.resize(outputs);
    }
    const std::vector<float>& run() override {
        totals_.assign(sums_.size(), 0.0f);
        for (std::uint32_t t = 0; t < sample_.steps; ++t) {
            if (events_) {
                const std::uint32_t begin = sample_.step_begin[t];
                models_.accumulate_spikes(layer_, sample_.index.data() + begin,
                                          static_cast<int>(sample_.step_begin[t + 1] - begin), sums_.data());
            } else {
                models_.multiply_accumulate(layer_, values_.data(), sums_.data());
            }
            for (std::size_t o = 0; o < sums_.size(); ++o) {
                totals_[o] += sums_[o];
            }
        }
        return totals_;
    }
    std::uint64_t operations() const override {
        const std::uint64_t terms =
            events_ ? sample_.index.size() : std::uint64_t{sample_.steps} * static_cast<std::uint64_t>(layer_.inputs);
        return terms * sums_.size();
    }

private:
    const scalar::Library& models_;
    const EncodedSample& sample_;
    bool events_;
    scalar::Layer layer_{};
    std::vector<float> weights_;  ///< [inputs][outputs]
    std::vector<float> values_;
    std::vector<float> sums_, totals_;
};

class ScalarPopulation : public ScalarCase {
public:
    ScalarPopulation(const scalar::Library& models, const scalar::Arithmetic& arithmetic, const Case& c)
        : steps_(c.sample.steps) {
        const auto& neuron = std::get<nodes::Neuron>(c.network.nodes[1].kind);
        const double dt_s = c.network.conventions.dt_ms * 1e-3;
        const auto dt_over = [&](const char* tau) {
            const auto it = neuron.parameters.find(tau);
            return it == neuron.parameters.end() ? 0.0 : dt_s / it->second.front();
        };
        const auto constant = [](double x, const scalar::Unit& unit) {
            return converted({static_cast<float>(x)}, unit).front();
        };
        const bool multiplies_input = neuron.model == "cubalif";
        step_ = neuron.model == "if" ? models.step_if : neuron.model == "lif" ? models.step_lif : models.step_cubalif;
        const std::size_t count = std::min(c.sample.values.size(), kNeurons);
        input_ = converted({c.sample.values.begin(), c.sample.values.begin() + static_cast<std::ptrdiff_t>(count)},
                           multiplies_input ? arithmetic.multiplier : arithmetic.adder);
        population_.arithmetic = arithmetic;
        population_.count = static_cast<int>(count);
        population_.threshold = constant(neuron.parameters.at("v_threshold").front(), arithmetic.adder);
        population_.decay = constant(dt_over("tau_mem"), arithmetic.multiplier);
        population_.synapse_decay = constant(1.0 - dt_over("tau_syn"), arithmetic.multiplier);
        population_.synapse_gain = constant(dt_over("tau_syn"), arithmetic.multiplier);
        population_.input = input_.data();
        current_.resize(count);
        population_.current = current_.data();
    }
    const std::vector<float>& run() override {
        const std::size_t count = input_.size();
        result_.assign(2 * count, 0.0f);
        current_.assign(count, 0.0f);
        population_.spikes = result_.data();
        population_.v = result_.data() + count;
        for (std::uint32_t t = 0; t < steps_; ++t) {
            step_(population_);
        }
        return result_;
    }
    std::uint64_t operations() const override { return std::uint64_t{steps_} * input_.size(); }

private:
    std::uint32_t steps_;
    void (*step_)(scalar::Population&);
    scalar::Population population_{};
    std::vector<float> input_, current_;
    std::vector<float> result_;  ///< spikes, then membranes
};

}  // namespace

std::unique_ptr<ScalarCase> scalar_case(const scalar::Library& models, const scalar::Arithmetic& arithmetic,
                                        const Case& c) {
    if (c.unit == "update") {
        return std::make_unique<ScalarPopulation>(models, arithmetic, c);
    }
    return std::make_unique<ScalarLayer>(models, arithmetic, c);
}

}  // namespace axfire::bench
