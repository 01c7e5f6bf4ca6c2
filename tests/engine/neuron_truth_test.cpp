// SPDX-License-Identifier: Apache-2.0
// Neurons against known answers: closed forms, exact integration, and the places where low precision stalls.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/engine/networks.h"

namespace axfire::test {

TEST(NeuronTruth, IntegratorCrossesAStrictThresholdOneStepLater) {
    // 16 * 0.0625 = 1 exactly: 1-based step 17 with v > 1, 16 with v >= 1.
    for (const auto& [fire, step] : {std::pair{Fire::gt, 16u}, std::pair{Fire::ge, 15u}}) {
        Conventions how;
        how.fire = fire;
        const Network network = chain({1}, {neuron("n", "if", 1, {{"v_threshold", {1}}})}, how);
        const Trace trace = trace_of(network, "n", constant_input({0.0625f}, 40));
        ASSERT_FALSE(trace.spike_step.empty());
        EXPECT_EQ(trace.spike_step[0], step);
    }
}

TEST(NeuronTruth, LowPrecisionIntegratorsFireLaterOrNever) {
    struct Case {
        const char* adder;
        Fire fire;
        int first;  // -1: never
    };
    // Exact arithmetic fires in step 49 (0-based) for v >= 1: 50 * 0.02 = 1.
    const Case cases[] = {{"exact@fp32", Fire::ge, 50},       {"exact@fp16", Fire::ge, 49},
                          {"exact@bf16", Fire::ge, 50},       {"exact@fp16", Fire::gt, 50},
                          {"exact@bf16", Fire::gt, 51},       {"exact@fp8_e4m3", Fire::ge, -1},
                          {"exact@fp8_e4m3/rz", Fire::ge, -1}};
    for (const Case& c : cases) {
        Conventions how;
        how.fire = c.fire;
        const Network network = chain({1}, {neuron("n", "if", 1, {{"v_threshold", {1}}})}, how);
        const Trace trace = trace_of(network, "n", constant_input({0.02f}, 2000),
                                     arithmetic("exact@fp32", "exact@fp32", c.adder, "exact@fp32"));
        if (c.first < 0) {
            EXPECT_TRUE(trace.spike_step.empty()) << c.adder;
            EXPECT_EQ(trace.membrane.back(), std::string(c.adder).ends_with("rz") ? 0.25f : 0.5f) << c.adder;
        } else {
            ASSERT_FALSE(trace.spike_step.empty()) << c.adder;
            EXPECT_EQ(trace.spike_step[0], static_cast<std::uint32_t>(c.first)) << c.adder;
        }
    }
}

TEST(NeuronTruth, SmallInputIsLostInBf16) {
    Conventions how;
    how.fire = Fire::ge;
    const Network network = chain({1}, {neuron("n", "if", 1, {{"v_threshold", {1}}})}, how);
    const Trace trace = trace_of(network, "n", constant_input({0.001f}, 5000),
                                 arithmetic("exact@fp32", "exact@fp32", "exact@bf16", "exact@bf16"));
    EXPECT_TRUE(trace.spike_step.empty());
    EXPECT_EQ(trace.membrane.back(), 0.5f);
}

TEST(NeuronTruth, LeakyMembraneStallsInBf16) {
    // Toward 40 with dt/tau = 0.01: v += r (V - v) stalls at 32; v = a v + g at 26.75.
    Conventions how;
    how.dt_ms = 0.1;
    const SimulationOptions bf16 = arithmetic("exact@fp32", "exact@fp32", "exact@bf16", "exact@bf16");
    const Node lif = neuron("n", "li", 1, {{"tau_mem", {0.01}}});
    EXPECT_EQ(trace_of(chain({1}, {lif}, how), "n", constant_input({40}, 5000), bf16).membrane.back(), 32.0f);
    // a = 0.99 and g = 0.01 * 40 as a current-based neuron's synaptic current has them.
    const Node cuba = neuron("n", "cubali", 1, {{"tau_syn", {0.01}}, {"tau_mem", {1e-4}}});
    EXPECT_EQ(trace_of(chain({1}, {cuba}, how), "n", constant_input({40}, 5000), bf16).membrane.back(), 26.75f);
}

TEST(NeuronTruth, ExactIntegrationWithRefractoryPeriod) {
    // C 250 pF, tau 10 ms, E_L -70 mV, threshold -55 mV, refractory 2 ms; a constant current I pA through R = tau / C.
    // The known solution: spikes at the times given, for every step that divides them.
    struct Case {
        double dt_ms;
        double current_pa;
        std::vector<double> spikes_ms;
    };
    const Case cases[] = {{0.1, 1000, {4.8, 11.6, 18.4}},
                          {0.1, 1450, {3.0, 8.0, 13.0, 18.0}},
                          {0.2, 1450, {3.0, 8.0, 13.0, 18.0}},
                          {0.5, 1450, {3.0, 8.0, 13.0, 18.0}},
                          {1.0, 1450, {3.0, 8.0, 13.0, 18.0}}};
    for (const Case& c : cases) {
        Conventions how;
        how.dt_ms = c.dt_ms;
        how.integrate = Integrate::exponential;
        const Network network = chain({1},
                                      {neuron("n", "lif", 1,
                                              {{"tau_mem", {0.01}},
                                               {"r", {0.04}},  // mV / pA
                                               {"v_leak", {-70}},
                                               {"v_threshold", {-55}},
                                               {"v_reset", {-70}},
                                               {"t_ref", {0.002}}})},
                                      how);
        const Trace trace = trace_of(
            network, "n",
            constant_input({static_cast<float>(c.current_pa)}, static_cast<std::uint32_t>(20 / c.dt_ms + 0.5)));
        std::vector<double> spikes;
        for (const std::uint32_t step : trace.spike_step) {
            spikes.push_back(std::round((step + 1) * c.dt_ms * 10) / 10);  // a spike of step n is at its end
        }
        EXPECT_EQ(spikes, c.spikes_ms) << "dt " << c.dt_ms << " I " << c.current_pa;
        if (c.current_pa == 1000) {
            const double expected[] = {-69.602, -69.2079, -68.8178, -68.4316, -68.0492};
            for (std::size_t i = 0; i < 5; ++i) {
                EXPECT_NEAR(trace.membrane[i], expected[i], 1e-4) << i;
            }
        }
    }
}

}  // namespace axfire::test
