// SPDX-License-Identifier: Apache-2.0
// The gradients of every node against differences in binary64, and through spikes against forward differentiation.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/engine/gradient_comparison.h"

namespace axfire::test {
namespace {

using train::Loss;
using train::Surrogate;

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
