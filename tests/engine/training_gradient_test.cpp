// SPDX-License-Identifier: Apache-2.0
// The gradients of every node against differences in binary64, and through spikes against forward differentiation.
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
namespace {

using train::Loss;
using train::Surrogate;

/// A case: the layers of a chain, or a whole network, and how it is trained.
struct Case {
    std::string name;
    Network network;
    std::size_t steps = 1;
    Loss loss = Loss::cross_entropy;
    train::GradientOptions options{};
    bool events = false;
};

std::mt19937_64& generator() {
    static std::mt19937_64 random(axfire::testing::test_seed());
    return random;
}

Tensor random_tensor(Shape shape, double scale, double centre = 0) {
    std::uniform_real_distribution<double> draw(-1, 1);
    Tensor tensor{shape, {}};
    for (std::size_t i = 0; i < element_count(shape); ++i) {
        tensor.data.push_back(static_cast<float>(centre + scale * draw(generator())));
    }
    return tensor;
}

Node linear(const std::string& name, std::size_t in, std::size_t out, double scale = 1) {
    const double bound = scale * std::sqrt(3.0 / static_cast<double>(in));
    return {name, nodes::Linear{random_tensor({out, in}, bound), random_tensor({out}, 0.3)}};
}

Node conv(const std::string& name, std::size_t in, std::size_t out, std::array<std::size_t, 2> kernel,
          std::array<std::size_t, 2> stride = {1, 1}, std::array<std::size_t, 2> pad_begin = {0, 0},
          std::array<std::size_t, 2> pad_end = {0, 0}, std::size_t groups = 1,
          std::array<std::size_t, 2> dilation = {1, 1}, double scale = 1) {
    nodes::Conv2d node;
    node.weight = random_tensor({out, in / groups, kernel[0], kernel[1]},
                                scale * std::sqrt(3.0 / static_cast<double>(in / groups * kernel[0] * kernel[1])));
    node.bias = random_tensor({out}, 0.3);
    node.stride = stride;
    node.pad_begin = pad_begin;
    node.pad_end = pad_end;
    node.groups = groups;
    node.dilation = dilation;
    return {name, node};
}

Node pool(const std::string& name, nodes::Pool2d::Kind kind, std::size_t kernel, std::size_t stride,
          std::size_t pad = 0, bool count = true) {
    nodes::Pool2d node{kind, {kernel, kernel}, {stride, stride}, {pad, pad}, {pad, pad}, {0, 0}, count, {1, 1}};
    return {name, node};
}

Node stateless(const std::string& name, const std::string& model, std::map<std::string, std::vector<double>> p = {}) {
    return {name, nodes::Neuron{model, {}, std::move(p)}};
}

Node flat(const std::string& name = "flat") {
    return {name, nodes::Flatten{}};
}

Node norm(const std::string& name, std::size_t channels) {
    return {name, nodes::BatchNorm{random_tensor({channels}, 0.4, 1), random_tensor({channels}, 0.4),
                                   random_tensor({channels}, 0.4), random_tensor({channels}, 0.4, 1)}};
}

std::vector<Case> smooth_cases() {
    using Kind = nodes::Pool2d::Kind;
    std::vector<Case> cases;
    cases.push_back({"linear", chain({5}, {linear("a", 5, 4)})});
    cases.push_back({"mean_square", chain({5}, {linear("a", 5, 20), linear("b", 20, 3)}), 1, Loss::mse});
    cases.push_back({"many_inputs", chain({70}, {linear("a", 70, 33), stateless("t", "tanh"), linear("b", 33, 3)})});
    cases.push_back({"conv", chain({2, 5, 6}, {conv("c", 2, 3, {3, 2}), flat(), linear("l", 45, 3)})});
    cases.push_back(
        {"two_convs", chain({1, 6, 6}, {conv("c", 1, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1}), stateless("r", "tanh"),
                                        conv("d", 3, 2, {3, 3}, {1, 1}, {0, 1}, {1, 0}), flat(), linear("l", 50, 3)})});
    cases.push_back(
        {"strides", chain({2, 7, 8}, {conv("c", 2, 4, {3, 3}, {2, 3}, {1, 0}, {0, 2}), stateless("r", "sigmoid"),
                                      conv("d", 4, 3, {2, 1}, {2, 1}), flat(), linear("l", 9, 3)})});
    cases.push_back(
        {"much_padding", chain({1, 4, 4}, {conv("c", 1, 2, {1, 1}), conv("d", 2, 2, {2, 2}, {1, 1}, {2, 3}, {3, 2}),
                                           flat(), linear("l", 128, 3)})});
    cases.push_back(
        {"groups", chain({4, 5, 5}, {conv("c", 4, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 2), stateless("r", "tanh"),
                                     conv("d", 6, 6, {3, 3}, {2, 2}, {1, 1}, {1, 1}, 6), flat(), linear("l", 54, 3)})});
    cases.push_back(
        {"dilation",
         chain({2, 8, 8}, {conv("c", 2, 2, {3, 2}, {1, 1}, {2, 0}, {2, 1}, 1, {2, 3}), stateless("r", "tanh"),
                           conv("d", 2, 3, {2, 2}, {2, 2}, {0, 0}, {0, 0}, 1, {3, 2}), flat(), linear("l", 18, 3)})});
    cases.push_back(
        {"wide_channels", chain({3, 4, 4}, {conv("c", 3, 20, {3, 3}, {1, 1}, {1, 1}, {1, 1}), stateless("r", "tanh"),
                                            conv("d", 20, 2, {2, 2}), flat(), linear("l", 18, 2)})});
    cases.push_back({"average_pool", chain({2, 6, 6}, {conv("c", 2, 2, {3, 3}, {1, 1}, {1, 1}, {1, 1}),
                                                       pool("p", Kind::average, 2, 2), flat(), linear("l", 18, 3)})});
    cases.push_back({"average_pool_padded",
                     chain({1, 5, 5}, {conv("c", 1, 2, {1, 1}), pool("p", Kind::average, 3, 2, 1, false),
                                       pool("q", Kind::average, 2, 1, 1, true), flat(), linear("l", 32, 3)})});
    cases.push_back({"sum_pool", chain({1, 6, 6}, {conv("c", 1, 2, {1, 1}), pool("p", Kind::sum, 3, 2), flat(),
                                                   linear("l", 8, 3, 0.2)})});
    cases.push_back({"max_pool", chain({1, 6, 6}, {conv("c", 1, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1}),
                                                   pool("p", Kind::maximum, 3, 2, 1), flat(), linear("l", 27, 3)})});
    cases.push_back(
        {"batch_norm", chain({2, 4, 4}, {conv("c", 2, 3, {3, 3}), norm("n", 3), stateless("r", "tanh"),
                                         conv("d", 3, 2, {2, 2}), norm("m", 2), flat(), linear("l", 2, 3)})});
    for (const char* model :
         {"relu", "clip", "leaky_relu", "hard_sigmoid", "hard_swish", "sigmoid", "tanh", "identity", "negate"}) {
        cases.push_back({model, chain({6}, {linear("a", 6, 12, 2), stateless("r", model), linear("b", 12, 3)})});
    }
    cases.push_back({"scale_and_bias", chain({6}, {linear("a", 6, 4),
                                                   {"s", nodes::Scale{random_tensor({4}, 0.5, 1)}},
                                                   {"one", nodes::Scale{random_tensor({1}, 0.5, 1)}},
                                                   {"d", nodes::Scale{random_tensor({4}, 0.3, 1), true}},
                                                   {"b", nodes::Bias{random_tensor({4}, 0.5)}},
                                                   {"c", nodes::Bias{random_tensor({1}, 0.5)}},
                                                   linear("l", 4, 3)})});
    cases.push_back(
        {"softmax", chain({6}, {linear("a", 6, 4), {"s", nodes::Softmax{}}, linear("l", 4, 3)}), 1, Loss::mse});
    cases.push_back(
        {"rearrange", chain({5}, {linear("a", 5, 4),
                                  {"r", nodes::Rearrange{{6}, {3, nodes::Rearrange::kFill, 0, 0, 2, 1}, 0.5F}},
                                  linear("l", 6, 3)})});
    Network joined;  // input -> a, b; concat(b, a, b); a residual sum; a product
    joined.nodes = {{"input", nodes::Input{{2, 2, 2}}},
                    conv("a", 2, 2, {1, 1}),
                    conv("b", 2, 3, {1, 1}),
                    {"cat", nodes::Concat{0, {"b", "a", "b"}}},
                    conv("c", 8, 3, {2, 2}, {1, 1}, {1, 0}, {0, 1}),
                    stateless("sum", "identity"),
                    {"gate", nodes::Reshape{{3, 2, 2}}},
                    {"product", nodes::Multiply{{"sum", "gate"}}},
                    flat(),
                    linear("l", 12, 3),
                    {"output", nodes::Output{}}};
    joined.edges = {{0, 1}, {0, 2}, {2, 3}, {1, 3}, {3, 4}, {4, 5}, {2, 5},
                    {4, 6}, {5, 7}, {6, 7}, {7, 8}, {8, 9}, {9, 10}};
    cases.push_back({"joined", joined});
    Conventions how;
    how.integrate = Integrate::exponential;
    const std::map<std::string, std::vector<double>> tau{{"tau_mem", {3e-3}}, {"r", {1.5}}};
    cases.push_back(
        {"integrators",
         chain({4}, {linear("a", 4, 5), stateless("i", "i"), linear("b", 5, 3, 0.3), stateless("li", "li", tau)}, how),
         4});
    cases.push_back(
        {"cuba_integrator",
         chain({4}, {linear("a", 4, 3),
                     stateless("li", "cubali",
                               {{"tau_mem", {3e-3}}, {"tau_syn", {2e-3}}, {"v_leak", {0.2}}, {"w_in", {2.0}}})}),
         5, Loss::membrane});
    cases.push_back(
        {"norm_over_time",
         chain({1, 3, 3}, {conv("c", 1, 2, {2, 2}), norm("n", 2), stateless("i", "i"), flat(), linear("l", 8, 3)}), 3});
    return cases;
}

std::vector<Case> spiking_cases() {
    std::vector<Case> cases;
    const std::map<std::string, std::vector<double>> lif{
        {"tau_mem", {4e-3}}, {"r", {4.0}}, {"v_threshold", {1.0}}, {"v_leak", {0.1}}, {"v_reset", {0.2}}};
    std::map<std::string, std::vector<double>> cuba = lif;
    cuba["tau_syn"] = {3e-3};
    cuba["w_in"] = {2.0};
    const std::map<std::string, std::vector<double>> fire{{"v_threshold", {0.8}}};
    std::map<std::string, std::vector<double>> tired = lif;
    tired["t_ref"] = {2e-3};
    const Surrogate kinds[] = {Surrogate::fast_sigmoid, Surrogate::arctan, Surrogate::triangular,
                               Surrogate::rectangular};
    for (int i = 0; i < 4; ++i) {
        for (const bool detach : {true, false}) {
            train::GradientOptions o;
            o.surrogate = kinds[i];
            o.slope = i == 0 ? 3 : 1.5F;
            o.detach_reset = detach;
            Conventions how;
            how.reset = i % 2 == 0 ? Reset::subtract : Reset::zero;
            how.integrate = i < 2 ? Integrate::euler : Integrate::exponential;
            how.cuba_order = detach ? CubaOrder::old_current : CubaOrder::new_current;
            const std::string tag = std::to_string(i) + (detach ? "d" : "");
            cases.push_back({"if" + tag,
                             chain({5},
                                   {linear("a", 5, 6, 2), stateless("n", "if", fire), linear("b", 6, 3, 2),
                                    stateless("m", "if", fire)},
                                   how),
                             6, Loss::cross_entropy, o});
            cases.push_back({"lif" + tag,
                             chain({5},
                                   {linear("a", 5, 6, 2), stateless("n", "lif", lif), linear("b", 6, 3, 2),
                                    stateless("m", "lif", tired)},
                                   how),
                             7, Loss::spike_count, o});
            cases.push_back({"cuba" + tag,
                             chain({5},
                                   {linear("a", 5, 6, 3), stateless("n", "cubalif", cuba), linear("b", 6, 3, 2),
                                    stateless("m", "cubalif", cuba)},
                                   how),
                             7, Loss::mse, o});
        }
    }
    Conventions subtract;
    subtract.reset = Reset::subtract;
    using Kind = nodes::Pool2d::Kind;
    Case events{"events",
                chain({2, 6, 6},
                      {conv("c", 2, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1, {1, 1}, 2), stateless("n", "if", fire),
                       pool("p", Kind::sum, 2, 2), conv("d", 4, 3, {2, 2}), stateless("m", "lif", lif), flat(),
                       linear("l", 12, 3, 2), stateless("o", "li", {{"tau_mem", {5e-3}}})},
                      subtract),
                5};
    events.events = true;
    cases.push_back(events);
    Case membrane = events;
    membrane.name = "membrane_loss";
    membrane.network.nodes[8] = stateless("o", "lif", lif);
    membrane.loss = Loss::membrane;
    cases.push_back(membrane);
    Network loop =
        chain({4}, {linear("a", 4, 5, 2), stateless("n", "lif", lif), linear("b", 5, 3, 2), stateless("o", "if", fire)},
              subtract);
    loop.nodes.push_back(linear("r", 5, 5, 1));
    loop.edges.push_back({2, 6});
    loop.edges.push_back({6, 2});
    cases.push_back({"recurrent", loop, 6});
    train::GradientOptions truncated;
    truncated.truncate = 3;
    cases.push_back({"truncated", loop, 8, Loss::cross_entropy, truncated});
    cases.push_back({"quantised", chain({6}, {linear("a", 6, 12, 2), stateless("q", "qcfs", {{"theta", {1.5}}}),
                                              linear("b", 12, 3)})});
    return cases;
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
        o.jit = Jit::off;
        o.input_events = case_.events;
        o.membrane_loss = case_.loss == Loss::membrane;
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
        oracle::SpikeRules rules;
        rules.surrogate = [this](double x) {
            return train::surrogate(case_.options.surrogate, case_.options.slope, static_cast<float>(x));
        };
        rules.detach_reset = case_.options.detach_reset;
        rules.truncate = case_.options.truncate;
        oracle::TrainingNetwork<T> network(case_.network, rules, variable, shift);
        const auto out = network.run(inputs_);
        T sum(0);
        for (std::size_t s = 0; s < kSamples; ++s) {
            sum = sum + loss_of<T>(out[s], network.membranes(output_)[s], static_cast<std::size_t>(label(s)));
        }
        return sum / T(kSamples);
    }

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
        if (case_.loss == Loss::membrane) {
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
            const bool whole = losing_.readout == Readout::last || (spikes && case_.loss == Loss::cross_entropy);
            z[i] = whole ? z[i] : z[i] / T(static_cast<double>(steps));
        }
        if (case_.loss == Loss::cross_entropy) {
            return cross_entropy(z, label);
        }
        const double high = case_.loss == Loss::mse ? 1 : 0.8;
        const double low = case_.loss == Loss::mse ? 0 : 0.2;
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

TEST(TrainingGradient, SmoothNodesAsDifferencesInBinary64) {
    for (Case& c : smooth_cases()) {
        SCOPED_TRACE(c.name);
        Comparison comparison(c);
        const std::vector<std::vector<float>> gradients = comparison.gradients(1);
        EXPECT_NEAR(comparison.loss_found(), comparison.loss<double>({0, "", 0}, 0), 1e-5);
        comparison.expect_near(gradients, [&](const oracle::Variable& v) {
            constexpr double kStep = 1e-6;
            return (comparison.loss<double>(v, kStep) - comparison.loss<double>(v, -kStep)) / (2 * kStep);
        });
    }
}

TEST(TrainingGradient, ThroughSpikesAsForwardDifferentiation) {
    for (Case& c : spiking_cases()) {
        SCOPED_TRACE(c.name);
        Comparison comparison(c);
        const std::vector<std::vector<float>> gradients = comparison.gradients(1);
        EXPECT_NEAR(comparison.loss_found(), comparison.loss<double>({0, "", 0}, 0), 1e-5);
        comparison.expect_near(gradients, [&](const oracle::Variable& v) {
            return comparison.loss<oracle::Dual>(v, oracle::Dual(0, 1)).slope;
        });
    }
}

TEST(TrainingGradient, SameBitsForAnyNumberOfThreads) {
    for (std::vector<Case> cases : {smooth_cases(), spiking_cases()}) {
        for (Case& c : cases) {
            Comparison comparison(c);
            const std::vector<std::vector<float>> one = comparison.gradients(1);
            EXPECT_EQ(one, comparison.gradients(3)) << c.name;
        }
    }
}

}  // namespace
}  // namespace axfire::test
