// SPDX-License-Identifier: Apache-2.0
// Rare cases of the contract, each in a network of a few nodes, against the plain simulator and by known figures.
#include <gtest/gtest.h>

#include <limits>

#include "arith/spec_text.h"
#include "tests/engine/networks.h"
#include "tests/engine/reference_run.h"

namespace axfire::test {
namespace {

EncodedSample spikes_of(std::vector<std::vector<std::uint32_t>> steps) {
    EncodedSample sample;
    sample.steps = static_cast<std::uint32_t>(steps.size());
    sample.step_begin = {0};
    for (const std::vector<std::uint32_t>& step : steps) {
        sample.index.insert(sample.index.end(), step.begin(), step.end());
        sample.step_begin.push_back(static_cast<std::uint32_t>(sample.index.size()));
    }
    sample.amplitude.assign(sample.index.size(), 1.0F);
    return sample;
}

SampleResult run(const Network& network, const EncodedSample& sample, SimulationOptions options = {}) {
    options.input_events = !sample.step_begin.empty();
    const Simulation simulation(network, options);
    Simulation::Workspace workspace(simulation);
    return simulation.run(sample, {}, workspace);
}

std::string difference(const Network& network, const EncodedSample& sample, SimulationOptions options = {}) {
    options.input_events = !sample.step_begin.empty();
    Compared compared;
    return compare_with_reference(network, options, sample, compared);
}

Node linear(std::string name, Shape shape, std::vector<float> weight, std::vector<float> bias = {}) {
    const Shape outputs{shape[0]};
    return {std::move(name), nodes::Linear{{std::move(shape), std::move(weight)}, {outputs, std::move(bias)}}};
}

TEST(ReferenceEdge, EventsStayEventsAlongDelaysOfACycleWhateverTheirNames) {
    // A cycle if -> x -> y -> z -> if of three delays of one step: a spike of step t is back at step t + 4, one step
    // for the recurrent edge.
    std::vector<std::string> names{"a", "b", "c"};
    do {
        Network network;
        network.nodes = {{"input", nodes::Input{{1}}},
                         neuron("n", "if", 1, {{"v_threshold", {0.5}}}),
                         {names[0], nodes::Delay{{1}, {0.001}}},
                         {names[1], nodes::Delay{{1}, {0.001}}},
                         {names[2], nodes::Delay{{1}, {0.001}}},
                         linear("w", {1, 1}, {1.0F}),
                         {"output", nodes::Output{}}};
        network.edges = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 1}, {1, 6}};
        const EncodedSample sample = spikes_of({{0}, {}, {}, {}, {}, {}, {}, {}, {}, {}});
        EXPECT_EQ(difference(network, sample), "") << names[0] << names[1] << names[2];
        EXPECT_EQ(trace_of(network, "n", sample).spike_step, (std::vector<std::uint32_t>{0, 4, 8}))
            << names[0] << names[1] << names[2];
    } while (std::next_permutation(names.begin(), names.end()));
}

TEST(ReferenceEdge, AScaleIsOneWhereItsUnitHoldsOne) {
    // 1.0625 lies halfway between 1 and 1.125 in fp8_e4m3 and goes to 1: the input passes as it is.
    Tensor scale{{3}, {1.0625F, 1.125F, 1.0F}};
    const Network network = chain({3}, {{"s", nodes::Scale{scale}}});
    const EncodedSample sample = constant_input({0.7F, 0.7F, 0.7F}, 1);
    const SimulationOptions options = arithmetic("exact@fp32", "exact@fp8_e4m3", "exact@fp32", "exact@fp32");
    EXPECT_EQ(difference(network, sample, options), "");
    EXPECT_EQ(run(network, sample, options).readout, (std::vector<float>{0.7F, 0.75F, 0.7F}));
}

TEST(ReferenceEdge, ConstantsAreRoundedOnce) {
    // 1/3 = 0.0101..01|01.. in binary: to 22 fraction bits it goes down; by way of binary32, whose last bit was rounded
    // up to a tie, it would go elsewhere for about a quarter of all constants.
    SimulationOptions options = arithmetic("exact@fp32", "exact@fp32", "exact@e8m22", "exact@e8m22");
    std::size_t twice_differs = 0;
    const Format format = parse_format("e8m22");
    for (int k = 3; k < 200; ++k) {
        const double tau = 0.001 * k;
        const Network network = chain({1}, {neuron("n", "li", 1, {{"tau_mem", {tau}}})});
        EXPECT_EQ(difference(network, constant_input({1.0F}, 3), options), "") << "tau " << tau;
        const double rate = 0.001 / tau;
        twice_differs += oracle::into_format(format, Rounding::rne, rate) !=
                         oracle::into_format(format, Rounding::rne, static_cast<float>(rate));
    }
    EXPECT_GT(twice_differs, 20U);
}

TEST(ReferenceEdge, AbsentTermsCostNothingAndAllZeroBiasesAreAbsent) {
    // ama5 with k = 16 replaces the low bits even where +0 is added, so an addition too many shows.
    const SimulationOptions ama5 = arithmetic("ama5(k=16)@fp32", "exact@fp32", "ama5(k=16)@fp32", "exact@fp32");
    const EncodedSample sample = spikes_of({{0}, {}, {1}, {0, 1}, {}});
    for (const std::vector<float>& bias : {std::vector<float>{}, {0.0F, 0.0F}, {-0.0F, 0.0F}, {0.0F, 0.3F}}) {
        const Network network = chain(
            {2}, {linear("w", {2, 2}, {0.7F, 0.1F, -0.4F, 0.3F}, bias), neuron("n", "i", 2, {{"v_init", {0.123}}})});
        EXPECT_EQ(difference(network, sample, ama5), "");
        const Trace trace = trace_of(network, "n", sample, ama5);
        // Step 1 brings no event: only a bias may change the membrane, and then of both neurons.
        const bool biased = bias.size() == 2 && bias[1] != 0;
        EXPECT_EQ(trace.membrane[0] != trace.membrane[2], biased);
        EXPECT_EQ(trace.membrane[1] != trace.membrane[3], biased);
    }
}

TEST(ReferenceEdge, APoolOfEventsThatCancelIsSilent) {
    EncodedSample sample = spikes_of({{0, 1}, {0}, {2, 3}});
    sample.amplitude = {2, -2, 3, 1, 1};
    const Network network = chain({1, 2, 2}, {{"p", nodes::Pool2d{nodes::Pool2d::Kind::sum, {1, 2}, {1, 2}}},
                                              {"f", nodes::Flatten{}},
                                              linear("w", {1, 2}, {0.5F, 0.25F}),
                                              neuron("n", "i", 1, {})});
    EXPECT_EQ(difference(network, sample), "");
    EXPECT_EQ(trace_of(network, "n", sample).membrane, (std::vector<float>{0, 1.5F, 2.0F}));
    // The read-out of graded events is their sum.
    const Network pooled = chain({1, 2, 2}, {{"p", nodes::Pool2d{nodes::Pool2d::Kind::sum, {1, 2}, {1, 2}}}});
    EXPECT_EQ(difference(pooled, sample), "");
    EXPECT_EQ(run(pooled, sample).readout, (std::vector<float>{3, 2}));
}

TEST(ReferenceEdge, NanIsNeverThePrediction) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    struct Case {
        std::vector<float> values;
        int prediction;
    };
    for (const Case& c : {Case{{nan, 1, 2}, 2}, Case{{3, nan, 2}, 0}, Case{{nan, nan, nan}, -1}, Case{{1, 2, 2}, 1},
                          Case{{-3, -1, nan}, 1}, Case{{-0.0F, 0.0F, -1}, 0}}) {
        const Network network = chain({3}, {{"s", nodes::Scale{{{1}, {1.0F}}}}});
        EXPECT_EQ(difference(network, constant_input(c.values, 1)), "");
        EXPECT_EQ(run(network, constant_input(c.values, 1)).prediction, c.prediction);
    }
}

TEST(ReferenceEdge, TheLastValueOfAStatelessOutputIsThatOfTheLastStep) {
    // Where nothing arrived in the last step it is 0, whether something arrived elsewhere or not.
    SimulationOptions options;
    options.readout = Readout::last;
    nodes::Conv2d conv;
    conv.weight = {{1, 1, 1, 1}, {1.5F}};
    const Network network = chain({1, 1, 2}, {{"c", conv}});
    for (const auto& [last, readout] :
         {std::pair{std::vector<std::uint32_t>{0}, std::vector<float>{1.5F, 0}}, {{}, {0, 0}}}) {
        const EncodedSample sample = spikes_of({{0, 1}, last});
        EXPECT_EQ(difference(network, sample, options), "");
        EXPECT_EQ(run(network, sample, options).readout, readout);
    }
}

TEST(ReferenceEdge, HalvesOfAStepRoundAwayFromZero) {
    // A spike in step 0 held for round(t_ref / dt) steps: the next one comes that many steps and one later.
    for (const auto& [t_ref, next] : {std::pair{0.0, 1U}, {0.4e-3, 1U}, {0.5e-3, 2U}, {1.5e-3, 3U}, {2.5e-3, 4U}}) {
        const Network network =
            chain({1}, {neuron("n", "lif", 1, {{"tau_mem", {0.001}}, {"v_threshold", {0.5}}, {"t_ref", {t_ref}}})});
        EXPECT_EQ(difference(network, constant_input({1}, 12)), "") << t_ref;
        const Trace trace = trace_of(network, "n", constant_input({1}, 12));
        ASSERT_GT(trace.spike_step.size(), 1U);
        EXPECT_EQ(trace.spike_step[1], next) << t_ref;
    }
    for (const auto& [delay, step] : {std::pair{0.0, 0U}, {0.5e-3, 1U}, {1.5e-3, 2U}, {2.5e-3, 3U}}) {
        const Network network =
            chain({1}, {{"d", nodes::Delay{{1}, {delay}}}, neuron("n", "if", 1, {{"v_threshold", {0.5}}})});
        const EncodedSample sample = spikes_of({{0}, {}, {}, {}, {}});
        EXPECT_EQ(difference(network, sample), "") << delay;
        EXPECT_EQ(trace_of(network, "n", sample).spike_step, (std::vector<std::uint32_t>{step})) << delay;
    }
}

}  // namespace
}  // namespace axfire::test
