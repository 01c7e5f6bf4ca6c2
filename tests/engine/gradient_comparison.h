// SPDX-License-Identifier: Apache-2.0
// The gradients of a small network beside those of the plain evaluation.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/train/loss.h"
#include "engine/train/program.h"
#include "engine/train/surrogate.h"
#include "tests/engine/networks.h"
#include "tests/oracle/training/network.h"
#include "tests/support/seed.h"

namespace axfire::test {

/// A case: the layers of a chain, or a whole network, and how it is trained.
struct Case {
    std::string name;
    Network network;
    std::size_t steps = 1;
    train::Loss loss = train::Loss::cross_entropy;
    train::GradientOptions options{};
    bool events = false;
    MultiplierSpec multiplier{};
    std::function<oracle::Dual(oracle::Dual, oracle::Dual)> product{};  ///< the oracle's multiplier
};

inline std::mt19937_64& generator() {
    static std::mt19937_64 random(axfire::testing::test_seed());
    return random;
}

/// The gradients that the trained program gives, and what the same loss is by the plain evaluation.
class Comparison {
public:
    explicit Comparison(Case c) : case_(std::move(c)) {
        std::uniform_real_distribution<float> draw(-1, 1);
        const Topology topology = analyse(case_.network);
        const std::size_t size = element_count(topology.shape[0]);
        for (std::size_t s = 0; s < kSamples; ++s) {
            inputs_.emplace_back();
            for (std::size_t t = 0; t < case_.steps; ++t) {
                inputs_[s].emplace_back();
                for (std::size_t i = 0; i < size; ++i) {
                    const float x = draw(generator());
                    inputs_[s][t].push_back(case_.events ? (x > 0.5F ? 1.0F : x < -0.9F ? 2.0F : 0.0F) : x);
                }
            }
        }
    }

    std::vector<std::vector<float>> gradients(unsigned threads) {
        train::ProgramOptions o;
        o.gradient = case_.options;
        o.arithmetic.synapse_mul = case_.multiplier;
        o.jit = Jit::off;
        o.input_events = case_.events;
        o.membrane_loss = case_.loss == train::Loss::membrane;
        o.steps = static_cast<u32>(case_.steps);
        o.batch = kSamples + 2;
        o.threads = threads;
        Network network = case_.network;
        train::Program program(network, o);
        for (std::size_t s = 0; s < kSamples; ++s) {
            for (std::size_t t = 0; t < case_.steps; ++t) {
                for (std::size_t i = 0; i < inputs_[s][t].size(); ++i) {
                    program.input(s, static_cast<u32>(t))[i] = train::bits(inputs_[s][t][i]);
                }
            }
        }
        program.forward(kSamples, 0);
        const std::size_t output = program.graph().output;
        output_ = output;
        losing_.loss = case_.loss;
        losing_.readout = train::natural_readout(network.nodes[output], program.graph().events[output]);
        loss_ = 0;
        for (std::size_t s = 0; s < kSamples; ++s) {
            loss_ += train::evaluate(losing_, program.tape(), output, s, label(s), 1.0F / kSamples).loss / kSamples;
        }
        program.backward();
        for (const train::Parameter& p : program.parameters()) {
            names_.push_back({p.node, p.name, p.tensor->data.size()});
        }
        return program.gradients();
    }

    template <class T>
    T loss(const oracle::Variable& variable, T shift) const {
        oracle::GradientRules rules;
        rules.surrogate = [this](double x) {
            return train::surrogate(case_.options.surrogate, case_.options.slope, static_cast<float>(x));
        };
        rules.detach_reset = case_.options.detach_reset;
        rules.truncate = case_.options.truncate;
        rules.product = case_.product;
        oracle::TrainingNetwork<T> network(case_.network, rules, variable, shift);
        const auto out = network.run(inputs_);
        T sum(0);
        for (std::size_t s = 0; s < kSamples; ++s) {
            sum = sum + loss_of<T>(out[s], network.membranes(output_)[s], static_cast<std::size_t>(label(s)));
        }
        return sum / T(kSamples);
    }

    void use_table(bool table) { case_.options.table = table; }
    void use_multiplier(const MultiplierSpec& multiplier) { case_.multiplier = multiplier; }

    double loss_found() const { return loss_; }

    /// Compares at most 40 elements of each tensor; some gradients must be there at all.
    void expect_near(const std::vector<std::vector<float>>& gradients,
                     const std::function<double(const oracle::Variable&)>& expected) const {
        double largest_of_all = 0;
        for (std::size_t p = 0; p < gradients.size(); ++p) {
            double largest = 0;
            std::vector<std::pair<std::size_t, double>> slopes;
            const std::size_t stride = (gradients[p].size() + 39) / 40;
            for (std::size_t i = 0; i < gradients[p].size(); i += stride) {
                slopes.emplace_back(i, expected({names_[p].node, names_[p].name, i}));
                largest = std::max(largest, std::fabs(slopes.back().second));
            }
            for (const auto& [i, slope] : slopes) {
                const double bound = 1e-4 * (std::fabs(slope) + 0.05 * largest) + 1e-6;
                EXPECT_NEAR(gradients[p][i], slope, bound) << case_.network.nodes[names_[p].node].name << " "
                                                           << names_[p].name << " " << i << " of " << case_.name;
            }
            largest_of_all = std::max(largest_of_all, largest);
        }
        EXPECT_GT(largest_of_all, 1e-2) << case_.name;
    }

private:
    static constexpr std::size_t kSamples = 5;
    static std::int32_t label(std::size_t sample) { return static_cast<std::int32_t>(sample % 2 == 0 ? 1 : 0); }

    template <class T>
    static T cross_entropy(const std::vector<T>& z, std::size_t label) {
        using std::exp;
        using std::log;
        T sum(0);
        for (const T& x : z) {
            sum = sum + exp(x);
        }
        return log(sum) - z[label];
    }

    template <class T>
    T loss_of(const std::vector<std::vector<T>>& out, const std::vector<std::vector<T>>& v, std::size_t label) const {
        const std::size_t steps = out.size();
        T sum(0);
        if (case_.loss == train::Loss::membrane) {
            for (const std::vector<T>& z : v) {
                sum = sum + cross_entropy(z, label) / T(static_cast<double>(steps));
            }
            return sum;
        }
        const bool spikes = losing_.readout == Readout::spikes;
        std::vector<T> z(out[0].size(), T(0));
        for (std::size_t i = 0; i < z.size(); ++i) {
            for (std::size_t t = 0; t < steps; ++t) {
                z[i] = losing_.readout == Readout::last ? out[t][i] : z[i] + out[t][i];
            }
            const bool whole = losing_.readout == Readout::last || (spikes && case_.loss == train::Loss::cross_entropy);
            z[i] = whole ? z[i] : z[i] / T(static_cast<double>(steps));
        }
        if (case_.loss == train::Loss::cross_entropy) {
            return cross_entropy(z, label);
        }
        const double high = case_.loss == train::Loss::mse ? 1 : 0.8;
        const double low = case_.loss == train::Loss::mse ? 0 : 0.2;
        for (std::size_t i = 0; i < z.size(); ++i) {
            const T error = z[i] - T(i == label ? high : low);
            sum = sum + error * error / T(static_cast<double>(z.size()));
        }
        return sum;
    }

    struct Name {
        std::size_t node;
        std::string name;
        std::size_t size;
    };
    Case case_;
    std::vector<std::vector<std::vector<float>>> inputs_;
    std::vector<Name> names_;
    train::LossOptions losing_;
    std::size_t output_ = 0;
    double loss_ = 0;
};

}  // namespace axfire::test
