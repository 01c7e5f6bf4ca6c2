// SPDX-License-Identifier: Apache-2.0
// Rare cases of the layers of conventional networks, by known figures and against the plain simulator.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "tests/engine/small_runs.h"

namespace axfire::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

/// Events of amplitude 1, or of those given, by step.
EncodedSample events_of(const std::vector<std::vector<std::uint32_t>>& steps, std::vector<float> amplitudes = {}) {
    EncodedSample sample;
    sample.steps = static_cast<std::uint32_t>(steps.size());
    sample.step_begin = {0};
    for (const std::vector<std::uint32_t>& step : steps) {
        sample.index.insert(sample.index.end(), step.begin(), step.end());
        sample.step_begin.push_back(static_cast<std::uint32_t>(sample.index.size()));
    }
    sample.amplitude = amplitudes.empty() ? std::vector<float>(sample.index.size(), 1.0F) : std::move(amplitudes);
    return sample;
}

/// What trace_of() gives, with the instances that are compiled already.
Trace traced(const Network& network, const std::string& name, const EncodedSample& sample,
             SimulationOptions options = {}) {
    options.jit = Jit::off;
    return trace_of(network, name, sample, options);
}
std::string compared(const Network& network, const EncodedSample& sample, SimulationOptions options = {}) {
    options.jit = Jit::off;
    return difference(network, sample, options);
}

/// The value of each step and element of a node, as an identity behind it has it; what did not arrive is +0.
std::vector<float> values(Network network, const std::string& node, const EncodedSample& sample,
                          SimulationOptions options = {}) {
    std::size_t from = 0;
    while (network.nodes[from].name != node) {
        ++from;
    }
    network.nodes.push_back({"probe", nodes::Neuron{"identity", {}, {}}});
    network.edges.push_back({from, network.nodes.size() - 1});
    EXPECT_EQ(compared(network, sample, options), "");
    return traced(network, "probe", sample, options).membrane;
}
/// Of the only layer of a chain.
std::vector<float> through(NodeKind layer, const Shape& input, const EncodedSample& sample,
                           const SimulationOptions& options = {}) {
    return values(chain(input, {{"layer", std::move(layer)}}), "layer", sample, options);
}

void expect_bits(const std::vector<float>& found, const std::vector<float>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_TRUE(same_number(found[i], expected[i]))
            << i << ": " << shown(found[i]) << ", not " << shown(expected[i]);
    }
}

nodes::Pool2d pool(nodes::Pool2d::Kind kind, std::array<std::size_t, 2> kernel, std::array<std::size_t, 2> stride) {
    nodes::Pool2d p;
    p.kind = kind;
    p.kernel = kernel;
    p.stride = stride;
    return p;
}
constexpr auto kMaximum = nodes::Pool2d::Kind::maximum;

TEST(ConventionalEdge, SpikesPassTheMaximumOfWhatTheirInputsBrought) {
    const nodes::Pool2d pair = pool(kMaximum, {1, 2}, {1, 2});
    // a and b: 1 0, 1 1 (a first), 1 2, 2 2, 3 3, 3 3 in silence.
    expect_bits(through(pair, {1, 1, 2}, events_of({{0}, {1}, {1}, {0}, {0, 1}, {}})), {1, 0, 1, 1, 1, 0});
    // Amplitudes count and pass: a 3, b 1, b 3.5, a 4.
    expect_bits(through(pair, {1, 1, 2}, events_of({{0}, {1}, {1}, {0}}, {3, 1, 2.5F, 1})), {3, 0, 2.5F, 1});
    // What never spiked has +0, which is more than a negative sum.
    expect_bits(through(pair, {1, 1, 2}, events_of({{0}, {0}, {0}}, {-1, -1, 3})), {0, 0, 3});
    expect_bits(through(pair, {1, 1, 2}, events_of({{1}, {0}}, {-1, -1})), {0, -1});
    // NaN is larger than all; the lower of two stays.
    expect_bits(through(pair, {1, 1, 2}, events_of({{1}, {0}, {0, 1}, {1}}, {kNan, 5, kNan, 1, 1})),
                {kNan, 0, kNan, 0});
    // inf - inf: a's sum becomes NaN and stays the largest.
    expect_bits(through(pair, {1, 1, 2}, events_of({{0}, {0}, {1}, {0}}, {kInf, -kInf, 9, 2})), {kInf, -kInf, 0, 2});
}

TEST(ConventionalEdge, SpikesAreAddedUpWithTheSynapseAdder) {
    const nodes::Pool2d pair = pool(kMaximum, {1, 2}, {1, 2});
    // In bf16 256 + 1 stays 256, so that b's spikes of 1 do not overtake a.
    const auto adder = [](const char* spec) { return arithmetic(spec, "exact@fp32", "exact@fp32", "exact@fp32"); };
    const EncodedSample sample = events_of({{0, 1}, {1}, {1}, {0, 1}}, {256, 256, 1, 1, 1, 2});
    expect_bits(through(pair, {1, 1, 2}, sample, adder("exact@bf16")), {256, 0, 0, 2});
    expect_bits(through(pair, {1, 1, 2}, sample, adder("exact@fp32")), {256, 1, 1, 2});
}

TEST(ConventionalEdge, WindowsOfSpikesMayOverlapAndReachPastTheEnd) {
    nodes::Pool2d wide = pool(kMaximum, {1, 3}, {1, 1});
    wide.pad_begin = {0, 2};
    wide.pad_end = {0, 1};
    wide.extra_end = {0, 2};
    // Windows of inputs: 0 | 0 1 | 0 1 2 | 1 2 | 2 | none.
    expect_bits(through(wide, {1, 1, 3}, events_of({{1}, {2}, {2}, {0}})),
                {0, 1, 1, 1, 0, 0,  //
                 0, 0, 0, 0, 1, 0,  // 1 and 2 have brought 1 each
                 0, 0, 1, 1, 1, 0,  //
                 1, 1, 0, 0, 0, 0});
}

TEST(ConventionalEdge, TheFirstOfEqualValuesIsTheLargest) {
    const nodes::Pool2d row = pool(kMaximum, {1, 2}, {1, 2});
    expect_bits(through(row, {1, 1, 8}, constant_input({-0.0F, 0, 0, -0.0F, kNan, kInf, -kInf, kNan}, 2)),
                {-0.0F, 0, kNan, kNan, -0.0F, 0, kNan, kNan});
    nodes::Pool2d padded = pool(kMaximum, {2, 2}, {2, 2});
    padded.pad_begin = {1, 1};
    padded.extra_end = {3, 0};
    // The padding is left out, also of negative values; the last row of windows has nothing else.
    expect_bits(through(padded, {1, 2, 2}, constant_input({-1, -2, -3, -kInf}, 1)), {-1, -3, 0});
}

TEST(ConventionalEdge, AnAverageCountsNothingPastThePadding) {
    nodes::Pool2d average = pool(nodes::Pool2d::Kind::average, {1, 3}, {1, 2});
    average.pad_begin = average.pad_end = {0, 1};
    average.extra_end = {0, 1};
    // Windows: p 1 2 | 2 4 8 | 8 p e.
    const EncodedSample sample = constant_input({1, 2, 4, 8}, 1);
    const float third = 1 / 3.0F;
    expect_bits(through(average, {1, 1, 4}, sample),
                {third + 2 * third, (2 * third + 4 * third) + 8 * third, 8 * (1 / 2.0F)});
    average.count_include_pad = false;
    expect_bits(through(average, {1, 1, 4}, sample), {0.5F + 2 * 0.5F, (2 * third + 4 * third) + 8 * third, 8});
}

TEST(ConventionalEdge, WhatDoesNotArriveAtABatchNorm) {
    nodes::BatchNorm norm{{{2}, {2, 2}}, {{2}, {1, 3}}, {{2}, {0.5F, 1}}, {{2}, {0.75F, 3.75F}}, 0.25};
    // Factors 2 and 1, shifts 0 and 2. A spike of 1 gives the factor, another amplitude a product.
    const EncodedSample sample = events_of({{0}, {1}, {}, {0, 1}}, {1, 3, 0.5F, 1});
    expect_bits(through(norm, {2}, sample), {2, 2, 0, 5, 0, 2, 1, 3});
    // Without a shift nothing leaves where nothing arrived: the adder's low bits, which ama5 copies, stay.
    norm.beta.data = {1, 1};
    const Network network = chain({2}, {{"bn", norm}, neuron("n", "i", 2, {{"v_init", {0.123}}})});
    const SimulationOptions ama5 = arithmetic("exact@fp32", "exact@fp32", "ama5(k=16)@fp32", "exact@fp32");
    EXPECT_EQ(compared(network, sample, ama5), "");
    const Trace trace = traced(network, "n", sample, ama5);
    EXPECT_EQ(trace.membrane[2], trace.membrane[4]);
    EXPECT_EQ(trace.membrane[3], trace.membrane[5]);
    EXPECT_NE(trace.membrane[0], trace.membrane[6]);
}

TEST(ConventionalEdge, FillsAreValuesOrNoSpikes) {
    const nodes::Rearrange fill{{4}, {nodes::Rearrange::kFill, 1, nodes::Rearrange::kFill, 0}, -2};
    expect_bits(through(fill, {2}, constant_input({5, 7}, 1)), {-2, 7, -2, 5});
    expect_bits(through(fill, {2}, events_of({{0}, {1}}, {3, 1})), {0, 0, 0, 3, 0, 1, 0, 0});
}

TEST(ConventionalEdge, ASourceMayComeTwiceInAConcat) {
    Network network = chain({1, 2}, {{"x", nodes::Concat{0, {"input", "t", "input"}}}});
    network.nodes.push_back({"t", nodes::Threshold{{{1}, {1}}}});
    network.edges.push_back({0, 3});
    network.edges.push_back({3, 1});
    expect_bits(values(network, "x", constant_input({2, 1}, 1)), {2, 1, 1, 0, 2, 1});
    std::get<nodes::Concat>(network.nodes[1].kind).axis = -1;
    expect_bits(values(network, "x", constant_input({2, 1}, 1)), {2, 1, 1, 0, 2, 1});
    std::get<nodes::Concat>(network.nodes[1].kind).inputs = {"t", "input", "input"};
    expect_bits(values(network, "x", constant_input({2, 1}, 1)), {1, 0, 2, 1, 2, 1});
}

TEST(ConventionalEdge, ASumOfAResidualIsInTheSynapseAddersFormat) {
    // 1 + 2^-9 in bf16 is 1; relu and identity leave it, whatever the neurons' units are.
    for (const char* model : {"relu", "identity", "clip"}) {
        Network network = chain({1}, {{"s", nodes::Scale{{{1}, {0x1p-9F}}}}, neuron("n", model, 1, {})});
        network.edges.push_back({0, 2});
        const EncodedSample sample = constant_input({1}, 1);
        expect_bits(values(network, "n", sample, arithmetic("exact@bf16", "exact@fp32", "exact@fp32", "exact@fp32")),
                    {1});
        expect_bits(values(network, "n", sample, arithmetic("exact@fp32", "exact@fp32", "exact@bf16", "exact@bf16")),
                    {0x1.008p0F});
    }
}

TEST(ConventionalEdge, ActivationsAtTheirEdges) {
    const auto of = [](const char* model, std::vector<float> x, std::map<std::string, std::vector<double>> p = {}) {
        const Network network = chain({x.size()}, {neuron("n", model, x.size(), std::move(p))});
        const EncodedSample sample = constant_input(std::move(x), 1);
        EXPECT_EQ(compared(network, sample), "") << model;
        return traced(network, "n", sample).membrane;
    };
    expect_bits(of("relu", {-1, -0.0F, 0, 2, kNan, -kInf}), {0, 0, 0, 2, kNan, 0});
    expect_bits(of("clip", {-1, -0.0F, 7, kNan, -kInf}), {0, -0.0F, 6, kNan, 0});
    expect_bits(of("negate", {0, -0.0F, 3, kInf}), {-0.0F, 0, -3, -kInf});
    expect_bits(of("leaky_relu", {-2, -0.0F, 3, -kInf}, {{"alpha", {0.25}}}), {-0.5F, -0.0F, 3, -kInf});
    expect_bits(of("hard_sigmoid", {-9, 0, 1, 9, kNan}, {{"alpha", {0.25}}, {"beta", {0.5}}}),
                {0, 0.5F, 0.75F, 1, kNan});
    expect_bits(of("hard_swish", {-3, 3, 4, kNan}), {-0.0F, 3, 4, kNan});
    expect_bits(of("qcfs", {-5, 0.4F, 0.5F, 1.5F, 100, kNan}, {{"theta", {4}}, {"levels", {4}}}),
                {0, 0, 1, 2, 4, kNan});
    expect_bits(of("sigmoid", {0, -200, 200, kNan}), {0.5F, 0, 1, kNan});
    expect_bits(of("tanh", {0, -0.0F, -200, 200, kNan}), {0, -0.0F, -1, 1, kNan});
}

/// "Multiplying by exactly 1 is no operation": drum makes more of 1 x 3 otherwise.
TEST(ConventionalEdge, ByExactlyOneIsNoOperation) {
    const SimulationOptions drum = arithmetic("exact@fp32", "drum(k=4)@fp16", "exact@fp32", "drum(k=4)@fp16");
    const EncodedSample three = constant_input({3.001F}, 1);
    const auto of = [&](std::string model, std::map<std::string, std::vector<double>> parameters, float x) {
        return traced(chain({1}, {neuron("n", std::move(model), 1, std::move(parameters))}), "n",
                      constant_input({x}, 1), drum)
            .membrane[0];
    };
    EXPECT_EQ(of("leaky_relu", {{"alpha", {1}}}, -3.001F), -3.001F);
    EXPECT_EQ(of("hard_sigmoid", {{"alpha", {1}}, {"beta", {0}}}, 0.3F), 0.3F);
    EXPECT_EQ(of("qcfs", {{"theta", {4}}, {"levels", {4}}}, 1.5F), 2);
    EXPECT_EQ(of("hard_swish", {}, 3.001F), 3.001F);
    expect_bits(through(nodes::Scale{{{1}, {1}}, true}, {1}, three, drum), {3.001F});
    expect_bits(through(nodes::BatchNorm{{{1}, {1}}, {{1}, {0}}, {{1}, {0}}, {{1}, {1}}, 0}, {1}, three, drum),
                {3.001F});
    expect_bits(through(nodes::Multiply{{"input", "input"}}, {1}, constant_input({1}, 1), drum), {1});
    expect_bits(through(nodes::Lrn{1, 1, 0, 1}, {1}, three, drum), {3.001F});
}

/// "An input that did not arrive counts as +0."
TEST(ConventionalEdge, AProductWithWhatDidNotArriveDidNotArrive) {
    Network network = chain({2}, {{"layer", nodes::Multiply{{"input", "b"}}}});
    network.nodes.push_back({"b", nodes::Bias{{{2}, {-2, kInf}}}});
    network.edges.push_back({0, 3});
    network.edges.push_back({3, 1});
    // Of a only the second arrives; b is the bias, by itself or added to 1.
    expect_bits(values(network, "layer", events_of({{1}})), {0.0F, kInf});
    std::get<nodes::Multiply>(network.nodes[1].kind).inputs = {"b", "input"};
    expect_bits(values(network, "layer", events_of({{1}})), {0.0F, kInf});
    expect_bits(values(network, "layer", events_of({{}})), {0.0F, 0.0F});
}

TEST(ConventionalEdge, ASoftmaxRoundsToNearestWhereOperationsRoundByChance) {
    std::set<float> found;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
        SimulationOptions options = with_adder("exact@bf16/sr");
        options.seed = seed;
        found.insert(readout(chain({3}, {{"s", nodes::Softmax{}}}), constant_input({1, 1, 1}, 1), options)[0]);
    }
    EXPECT_EQ(found, (std::set<float>{0x1.56p-2F}));  // 1/3
}

TEST(ConventionalEdge, ACutOffAtZeroKeepsAZerosSign) {
    // Rounded down, -1/2 + 1/2 is -0.
    const SimulationOptions down = arithmetic("exact@fp32", "exact@fp32", "exact@fp32/rd", "exact@fp32");
    for (const Node& node : {neuron("n", "qcfs", 1, {{"theta", {2}}, {"levels", {2}}}),
                             neuron("n", "hard_sigmoid", 1, {{"alpha", {1}}, {"beta", {0.5}}})}) {
        const Network network = chain({1}, {node});
        const EncodedSample sample = constant_input({-0.5F}, 1);
        EXPECT_EQ(compared(network, sample, down), "");
        expect_bits(traced(network, "n", sample, down).membrane, {-0.0F});
    }
}

TEST(ConventionalEdge, AConvolutionMayReadLastStepsSpikesAlone) {
    nodes::Conv2d conv;
    conv.weight = {{1, 1, 1, 1}, {0.75F}};
    Network network = chain({1, 1, 2}, {{"n", nodes::Neuron{"if", {1, 1, 2}, {{"v_threshold", {0.5}}}}}});
    network.nodes.push_back({"c", conv});
    network.edges.push_back({1, 3});
    network.edges.push_back({3, 1});
    const EncodedSample sample = events_of({{0}, {}, {1}, {}});
    EXPECT_EQ(compared(network, sample), "");
    EXPECT_EQ(traced(network, "n", sample).spike_step, (std::vector<std::uint32_t>{0, 1, 2, 2, 3, 3}));
}

TEST(ConventionalEdge, ResponseNormalisationOfKnownFigures) {
    // size 2: the channel itself and the next; alpha / size = 1/2, beta = 1.
    const nodes::Lrn two{2, 1, 1, 1};
    expect_bits(through(two, {3}, constant_input({2, 4, -6}, 1)), {2 * (1 / 11.0F), 4 * (1 / 27.0F), -6 * (1 / 19.0F)});
    const nodes::Lrn three{3, 3, 2, 1};
    expect_bits(through(three, {3}, constant_input({1, 1, 1}, 1)), {1 / 9.0F, 1 / 16.0F, 1 / 9.0F});
}

}  // namespace
}  // namespace axfire::test
