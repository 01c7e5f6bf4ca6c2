// SPDX-License-Identifier: Apache-2.0
// The orders of a sum: by figures calculated by hand, by what must be equal, and against the plain simulator.
#include <gtest/gtest.h>

#include "arith/spec_text.h"
#include "tests/engine/reference_choices.h"
#include "tests/engine/small_runs.h"
#include "tests/oracle/stochastic.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

using testing::test_random;

/// The sum of terms by an adder, from events; the simulator of tests/oracle agrees.
float sum_of(const std::string& adder, const std::vector<float>& terms, const std::vector<std::uint32_t>& present) {
    const Network network = one_sum(terms);
    EXPECT_EQ(difference(network, spikes_at(present), with_adder(adder)), "") << adder;
    return readout(network, spikes_at(present), with_adder(adder))[0];
}

TEST(Order, EachGroupingHasItsOwnSum) {
    // fp8_e4m3 holds the whole numbers to 16, then every second to 32, then every fourth; halves go to even.
    struct Case {
        const char* order;
        float sum;
    };
    const std::vector<float> seven{-16, -16, 1, 9, 9, 18, -1};
    for (const Case& c : {
             // -32, -31 -> -32, -23 -> -24, -15, 3, 2
             Case{"sequential", 2},
             // (-16 - 16 = -32) + (1 + 9 = 10) = -22; (9 + 18 = 27 -> 28) + -1 = 27 -> 28
             {"tree", 6},
             // -32 + 10 = -22, + 28 = 6, + -1
             {"blocked:2", 5},
             // (-16 - 16 + 1 -> -32) + (9 + 9 + 18 = 36) = 4, + -1
             {"blocked:3", 3},
             // (-32 + 9 -> -24) + (9 + 18 -> 28, - 1 -> 28)
             {"blocked:4", 4},
             // (-24 + 9 = -15) + (18 - 1 -> 16)
             {"blocked:5", 1},
         }) {
        const std::string adder = std::string("exact(order=") + c.order + ")@fp8_e4m3";
        EXPECT_EQ(sum_of(adder, seven, {0, 1, 2, 3, 4, 5, 6}), c.sum) << c.order;
        EXPECT_EQ(readout(one_sum(seven), ones(7), with_adder(adder))[0], c.sum) << c.order << ", dense";
    }
    // Five: the fifth joins at the top. Halves of two and three would give 11 or 10 here.
    const std::vector<float> five{-16, 9, 1, 18, -1};
    EXPECT_EQ(sum_of("exact(order=tree)@fp8_e4m3", five, {0, 1, 2, 3, 4}), 12);       // -7 + (19 -> 20), - 1
    EXPECT_EQ(sum_of("exact@fp8_e4m3", five, {0, 1, 2, 3, 4}), 11);                   // -7, -6, 12, 11
    EXPECT_EQ(sum_of("exact(order=blocked:3)@fp8_e4m3", five, {0, 1, 2, 3, 4}), 10);  // -6 + (17 -> 16)
}

TEST(Order, AnAbsentInputLeavesItsPlaceEmpty) {
    const std::vector<float> five{-16, 9, 1, 18, -1};
    const std::vector<std::uint32_t> without_1{0, 2, 3, 4};
    EXPECT_EQ(sum_of("exact@fp8_e4m3", five, without_1), 2);                   // -15, 3, 2
    EXPECT_EQ(sum_of("exact(order=tree)@fp8_e4m3", five, without_1), 3);       // -16 + (19 -> 20), - 1; moved up: 1
    EXPECT_EQ(sum_of("exact(order=blocked:2)@fp8_e4m3", five, without_1), 3);  // the same; moved up: 1
    EXPECT_EQ(sum_of("exact(order=blocked:3)@fp8_e4m3", five, without_1), 1);  // -15 + (17 -> 16); moved up: 2
    // Whole blocks and subtrees absent, at the front, in the middle, at the end.
    const std::vector<float> seven{-16, -16, 1, 9, 9, 18, -1};
    EXPECT_EQ(sum_of("exact(order=blocked:2)@fp8_e4m3", seven, {0, 1, 5, 6}), -15);  // -32 + 18 = -14, - 1
    EXPECT_EQ(sum_of("exact(order=tree)@fp8_e4m3", seven, {0, 1, 5, 6}), -16);       // -32 + (17 -> 16)
    EXPECT_EQ(sum_of("exact(order=blocked:2)@fp8_e4m3", seven, {4, 5}), 28);         // 27 -> 28
    EXPECT_EQ(sum_of("exact(order=tree)@fp8_e4m3", seven, {2, 3}), 10);
    EXPECT_EQ(sum_of("exact(order=tree)@fp8_e4m3", seven, {}), 0);
    EXPECT_EQ(sum_of("exact(order=blocked:4)@fp8_e4m3", seven, {}), 0);
}

/// ama5 replaces the low bits of the operand of the larger exponent by the other's, so an addition to +0 shows.
TEST(Order, ATreeAddsNothingToZeroAndABlockDoes) {
    const float x = 0x1.23456p0F;
    const float cut = 0x1.24p0F;  // the lowest 16 bits are those of +0, and bit 15 of x carries
    EXPECT_EQ(sum_of("ama5(k=16)@fp32", {1, x, 1}, {1}), cut);
    EXPECT_EQ(sum_of("ama5(k=16,order=tree)@fp32", {1, x, 1}, {1}), x);
    EXPECT_EQ(sum_of("ama5(k=16,order=blocked:1)@fp32", {1, x, 1}, {1}), cut);
    EXPECT_EQ(sum_of("ama5(k=16,order=blocked:2)@fp32", {1, x, 1}, {1}), cut);
    EXPECT_EQ(sum_of("ama5(k=16,order=tree)@fp32", {x}, {0}), x);
    // A neuron without a term gets add(+0, bias) in each order.
    for (const char* order : {"sequential", "tree", "blocked:2"}) {
        const SimulationOptions options = with_adder(std::string("ama5(k=16,order=") + order + ")@fp32");
        const Network network = one_sum({1, 1, 1}, {x});
        EXPECT_EQ(readout(network, spikes_at({}), options)[0], cut) << order;
        EXPECT_EQ(difference(network, spikes_at({}), options), "") << order;
    }
}

TEST(Order, TheBiasComesLast) {
    // 16 + 1 -> 16 three times; a bias that were a fourth leaf would make 2 of two ones.
    for (const char* order : {"sequential", "blocked:2"}) {
        const SimulationOptions options = with_adder(std::string("exact(order=") + order + ")@fp8_e4m3");
        EXPECT_EQ(readout(one_sum({1, 16, 1}, {1}), all_spike(3), options)[0], 16) << order;
    }
    const Network network = one_sum({1, 16, 1}, {1});
    EXPECT_EQ(readout(network, all_spike(3), with_adder("exact(order=tree)@fp8_e4m3"))[0], 16);
    EXPECT_EQ(difference(network, all_spike(3), with_adder("exact(order=tree)@fp8_e4m3")), "");
}

TEST(Order, ThePlacesOfTapsAreThoseOfTheirKernel) {
    // One window over all of two channels of 2 x 3, or of one of 3 x 4, is a linear sum.
    RandomChoices r{test_random()};
    for (int round = 0; round < 200; ++round) {
        const std::string adder = r.pick<std::string>({"exact(order=tree)@fp8_e4m3", "exact(order=blocked:3)@fp8_e5m2",
                                                       "loa(k=4,order=tree)@bf16", "exact(order=blocked:2)@fp8_e4m3",
                                                       "ama5(k=16,order=tree)@fp32", "exact(order=tree)@bf16"});
        std::vector<float> weight(12);
        for (float& w : weight) {
            w = r.value(4);
        }
        nodes::Conv2d conv;
        conv.weight = {{1, 2, 2, 3}, weight};
        nodes::Pool2d pool{nodes::Pool2d::Kind::sum, {3, 4}, {3, 4}};
        std::vector<std::uint32_t> present;
        for (std::uint32_t i = 0; i < 12; ++i) {
            if (r.chance(0.6)) {
                present.push_back(i);
            }
        }
        const SimulationOptions options = with_adder(adder);
        for (const EncodedSample& sample : {spikes_at(present), ones(12)}) {
            const Network as_conv = chain({2, 2, 3}, {{"c", conv}});
            EXPECT_EQ(readout(as_conv, sample, options), readout(one_sum(weight), sample, options)) << adder;
            EXPECT_EQ(difference(as_conv, sample, options), "") << adder;
        }
        // A pooling sums what its inputs are.
        EncodedSample graded = spikes_at(present);
        for (std::size_t k = 0; k < present.size(); ++k) {
            graded.amplitude[k] = weight[present[k]];
        }
        const Network pooled = chain({1, 3, 4}, {{"p", pool}});
        SimulationOptions of_events = options;
        of_events.readout = Readout::automatic;
        EXPECT_EQ(readout(pooled, graded, of_events), readout(one_sum(weight), spikes_at(present), options)) << adder;
        EXPECT_EQ(difference(pooled, graded, of_events), "") << adder;
    }
}

TEST(Order, OneBlockOfAllIsSequential) {
    RandomChoices r{test_random()};
    for (int round = 0; round < 100; ++round) {
        const std::size_t inputs = static_cast<std::size_t>(r.between(1, 40));
        std::vector<float> weight(3 * inputs);
        for (float& w : weight) {
            w = r.value(1);
        }
        const Network network = chain({inputs}, {linear(3, weight, {0.5F, 0, -0.25F})});
        const EncodedSample sample = random_sample(r, inputs, r.chance(0.5));
        for (const auto& [unit, format] : std::vector<std::pair<std::string, std::string>>{
                 {"exact(", "@bf16"}, {"exact(", "@fp8_e5m2"}, {"loa(k=4,", "@bf16"}, {"ama5(k=16,", "@fp32"}}) {
            const auto in_order = [&](const std::string& order) {
                return readout(network, sample, with_adder(unit + "order=" + order + ")" + format, "exact@fp16"));
            };
            const std::vector<float> sequential = in_order("sequential");
            EXPECT_EQ(in_order("blocked:" + std::to_string(inputs)), sequential) << unit << format;
            EXPECT_EQ(in_order("blocked:" + std::to_string(inputs + 1)), sequential) << unit << format;
            EXPECT_EQ(in_order("blocked:16777216"), sequential) << unit << format;
            if (unit == "exact(") {  // each block is +0 + x = x
                EXPECT_EQ(in_order("blocked:1"), sequential) << unit << format;
            }
        }
    }
}

TEST(Order, EventsEqualADenseSumWhereAllInputsSpike) {
    RandomChoices r{test_random()};
    for (int round = 0; round < 100; ++round) {
        const std::size_t inputs = static_cast<std::size_t>(r.between(1, 70));
        std::vector<float> weight(2 * inputs);
        for (float& w : weight) {
            w = r.value(1);
        }
        const Network network = chain({inputs}, {linear(2, weight, {0.1F, -3})});
        for (const std::string adder :
             {"exact(order=tree)@fp8_e4m3", "exact(order=blocked:4)@fp8_e4m3", "ama5(k=16,order=tree)@fp32",
              "loa(k=4,order=blocked:16)@bf16", "exact(order=tree)@fp32", "eta1(k=8,order=blocked:7)@fp32"}) {
            const SimulationOptions options = with_adder(adder);
            EXPECT_EQ(readout(network, all_spike(inputs), options), readout(network, ones(inputs), options)) << adder;
        }
    }
}

}  // namespace
}  // namespace axfire::test
