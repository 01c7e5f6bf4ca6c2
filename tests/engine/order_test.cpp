// SPDX-License-Identifier: Apache-2.0
// The orders of a sum, and the places of stochastic roundings in networks: by figures calculated by hand, by what must
// be equal, and against the plain simulator.
#include <gtest/gtest.h>

#include "arith/spec_text.h"
#include "tests/engine/networks.h"
#include "tests/engine/reference_choices.h"
#include "tests/engine/reference_run.h"
#include "tests/oracle/stochastic.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

using testing::test_random;

/// One step with a spike at each of the inputs.
EncodedSample spikes_at(const std::vector<std::uint32_t>& inputs) {
    EncodedSample sample;
    sample.steps = 1;
    sample.step_begin = {0, static_cast<std::uint32_t>(inputs.size())};
    sample.index = inputs;
    sample.amplitude.assign(inputs.size(), 1.0F);
    return sample;
}
EncodedSample all_spike(std::size_t inputs) {
    std::vector<std::uint32_t> all(inputs);
    for (std::size_t i = 0; i < inputs; ++i) {
        all[i] = static_cast<std::uint32_t>(i);
    }
    return spikes_at(all);
}
EncodedSample ones(std::size_t inputs) {
    return constant_input(std::vector<float>(inputs, 1.0F), 1);
}

SimulationOptions with_adder(const std::string& adder, const std::string& multiplier = "exact@fp32") {
    SimulationOptions options = arithmetic(adder, multiplier, "exact@fp32", "exact@fp32");
    options.jit = Jit::off;
    options.readout = Readout::sum;
    return options;
}

std::vector<float> readout(const Network& network, const EncodedSample& sample, SimulationOptions options) {
    options.input_events = !sample.step_begin.empty();
    const Simulation simulation(network, options);
    Simulation::Workspace workspace(simulation);
    return simulation.run(sample, {}, workspace).readout;
}

std::string difference(const Network& network, const EncodedSample& sample, SimulationOptions options) {
    options.input_events = !sample.step_begin.empty();
    Compared compared;
    return compare_with_reference(network, options, sample, compared);
}

Node linear(std::size_t outputs, std::vector<float> weight, std::vector<float> bias = {}) {
    const std::size_t inputs = weight.size() / outputs;
    return {"w", nodes::Linear{{{outputs, inputs}, std::move(weight)}, {{outputs}, std::move(bias)}}};
}
Network one_sum(const std::vector<float>& weight, std::vector<float> bias = {}) {
    return chain({weight.size()}, {linear(1, weight, std::move(bias))});
}

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

/// The word that stochastic rounding gives an operation of a node, written out once more.
struct Place {
    u64 seed;
    u32 node, sample, step;
    u32 word(u32 output, u32 operand, unsigned which) const {
        return philox<u32>({{output, operand | (node & 0xff) << 24, sample, step | ((node >> 8) | 0x80) << 24}}, seed)
            .word[which];
    }
};
/// bf16 at 1: 2^-7 up where a quarter of it was cut off.
float up_by_a_quarter(u32 word) {
    return word < 0x40000000 ? 0x1.02p0F : 1.0F;
}

TEST(StochasticNetwork, EachAdditionHasItsWord) {
    // In bf16 1 + 2^-9 is cut off by a quarter. Nodes in topological order: input, w, output.
    std::size_t up = 0;
    for (u64 seed = 0; seed < 64; ++seed) {
        Place at{seed * 0x9e3779b97f4a7c15, 1, 70000, 0};
        const auto sum = [&](const std::string& order, std::vector<float> weight, std::vector<std::uint32_t> present,
                             std::vector<float> bias = {}) {
            SimulationOptions options = with_adder("exact(order=" + order + ")@bf16/sr");
            options.seed = at.seed;
            EncodedSample sample = spikes_at(present);
            sample.sample_index = at.sample;
            return readout(one_sum(weight, std::move(bias)), sample, options)[0];
        };
        EXPECT_EQ(sum("sequential", {1, 0, 0x1p-9F}, {0, 2}), up_by_a_quarter(at.word(0, 2, 2)));
        EXPECT_EQ(sum("blocked:3", {1, 0, 0x1p-9F}, {0, 2}), up_by_a_quarter(at.word(0, 2, 2)));
        EXPECT_EQ(sum("blocked:2", {1, 0, 0, 0x1p-9F}, {0, 3}), up_by_a_quarter(at.word(0, 2, 3)));
        EXPECT_EQ(sum("tree", {1, 0, 0, 0x1p-9F}, {0, 3}), up_by_a_quarter(at.word(0, 2, 3)));
        EXPECT_EQ(sum("tree", {1, 0, 0, 0x1p-9F}, {2, 3}), 0x1p-9F);
        EXPECT_EQ(sum("tree", {0, 0, 1, 0x1p-9F}, {2, 3}), up_by_a_quarter(at.word(0, 3, 3)));
        EXPECT_EQ(sum("tree", {0, 1, 0, 0, 0, 0, 0, 0x1p-9F, 0}, {1, 7}), up_by_a_quarter(at.word(0, 4, 3)));
        EXPECT_EQ(sum("tree", {0, 1, 0, 0, 0, 0, 0, 0, 0x1p-9F}, {1, 8}), up_by_a_quarter(at.word(0, 8, 3)));
        for (const char* order : {"sequential", "tree", "blocked:2"}) {
            EXPECT_EQ(sum(order, {0, 1, 0}, {1}, {0x1p-9F}), up_by_a_quarter(at.word(0, 3, 3))) << order;
            // Weights and biases are to nearest.
            EXPECT_EQ(sum(order, {0, 0x1.018p0F, 0}, {1}), 0x1.02p0F) << order;
            EXPECT_EQ(sum(order, {0, 1, 0}, {}, {0x1.018p0F}), 0x1.02p0F) << order;
        }
        up += at.word(0, 2, 2) < 0x40000000 ? 1 : 0;
    }
    EXPECT_GT(up, 4U);
    EXPECT_LT(up, 32U);
}

TEST(StochasticNetwork, ProductsAndConversionsHaveTheirs) {
    nodes::Conv2d conv;
    conv.weight = {{2, 1, 1, 1}, {1, 1}};
    for (u64 seed = 0; seed < 64; ++seed) {
        const Place at{seed, 1, 3, 1};
        const auto of = [&](const Network& network, float x, SimulationOptions options) {
            EncodedSample sample;
            sample.steps = 2;
            sample.values = {0, 0, 0, x};  // input 1 in step 1
            sample.sample_index = at.sample;
            options.seed = seed;
            return readout(network, sample, options);
        };
        const Network ones = chain({2}, {linear(2, {0, 1, 0, 1})});
        // The inputs are brought into the multiplier's format once for all outputs.
        const SimulationOptions bf16_products = with_adder("exact@fp32", "exact@bf16/sr");
        const float input = up_by_a_quarter(at.word(1, 0xffffff, 0));
        EXPECT_EQ(of(ones, 0x1.008p0F, bf16_products), (std::vector<float>{input, input}));
        EXPECT_EQ(of(chain({1, 1, 2}, {{"c", conv}}), 0x1.008p0F, bf16_products),
                  (std::vector<float>{0, input, 0, input}));
        // Products: 0x1.08p0 * 0x1.1p0 = 0x1.188p0, a quarter.
        const auto product = [&](u32 output) { return at.word(output, 1, 0) < 0x40000000 ? 0x1.1ap0F : 0x1.18p0F; };
        EXPECT_EQ(of(chain({2}, {linear(2, {0, 0x1.1p0F, 0, 0x1.1p0F})}), 0x1.08p0F, bf16_products),
                  (std::vector<float>{product(0), product(1)}));
        // Their conversion into the adder's format; of a convolution, output channel * 2 + column.
        const SimulationOptions fp8_sums = with_adder("exact@fp8_e5m2/sr");
        const auto term = [&](u32 output, u32 index) { return at.word(output, index, 1) < 0x40000000 ? 1.25F : 1.0F; };
        EXPECT_EQ(of(ones, 1.0625F, fp8_sums), (std::vector<float>{term(0, 1), term(1, 1)}));
        EXPECT_EQ(of(chain({1, 1, 2}, {{"c", conv}}), 1.0625F, fp8_sums),
                  (std::vector<float>{0, term(1, 0), 0, term(3, 0)}));
        const Network pooled = chain({1, 1, 2}, {{"p", nodes::Pool2d{nodes::Pool2d::Kind::sum, {1, 2}, {1, 2}}}});
        EXPECT_EQ(of(pooled, 1.0625F, fp8_sums), (std::vector<float>{term(0, 1)}));
    }
}

TEST(StochasticNetwork, NeuronsAndSumsOfSourcesHaveTheirs) {
    Conventions euler;
    euler.integrate = Integrate::euler;
    for (u64 seed = 0; seed < 64; ++seed) {
        SimulationOptions options = arithmetic("exact@fp32", "exact@fp32", "exact@bf16/sr", "exact@bf16/sr");
        options.jit = Jit::off;
        options.seed = seed;
        const auto membrane = [&](Network network, float x) {
            EncodedSample sample = constant_input({0, x}, 1);
            sample.sample_index = 9;
            return trace_of(network, "n", sample, options).membrane.at(1);
        };
        const Place at{seed, 1, 9, 0};
        // v + I: operation 1 (0 would be the gain), here its result, then its second operand.
        const Network from_one = chain({2}, {neuron("n", "i", 2, {{"v_init", {1}}})});
        EXPECT_EQ(membrane(from_one, 0x1p-9F), up_by_a_quarter(at.word(1, 1, 2)));
        EXPECT_EQ(membrane(chain({2}, {neuron("n", "i", 2, {})}), 0x1.008p0F), up_by_a_quarter(at.word(1, 1, 1)));
        // The gain: 0x1.08p0 * 0x1.1p0 = 0x1.188p0.
        EXPECT_EQ(membrane(chain({2}, {neuron("n", "i", 2, {{"r", {0x1.1p0}}})}), 0x1.08p0F),
                  at.word(1, 0, 2) < 0x40000000 ? 0x1.1ap0F : 0x1.18p0F);
        // v + ((-v) + I) dt/tau: the inner sum is operation 2.
        const Network leaky = chain({2}, {neuron("n", "li", 2, {{"tau_mem", {0.002}}})}, euler);
        EXPECT_EQ(membrane(leaky, 0x1.008p0F), up_by_a_quarter(at.word(1, 2, 1)) / 2);

        // Two projections into one population, which is the fourth of the nodes.
        Network two = chain({2}, {linear(2, {0, 1, 0, 1}), neuron("n", "i", 2, {})});
        two.nodes.push_back({"x", nodes::Linear{{{2, 2}, {0, 0x1p-9F, 0, 0x1p-9F}}, {}}});
        two.edges.push_back({0, 4});
        two.edges.push_back({4, 2});
        SimulationOptions sums = arithmetic("exact@bf16/sr", "exact@fp32", "exact@fp32", "exact@fp32");
        sums.jit = Jit::off;
        options = sums;
        options.seed = seed;
        EXPECT_EQ(membrane(two, 1), up_by_a_quarter(Place{seed, 3, 9, 0}.word(1, 1, 2)));
    }
}

/// A network of each kind of layer, all of whose units have another order or round stochastically.
TEST(StochasticNetwork, LayersOfEachKindEqualThePlainSimulator) {
    RandomChoices r{test_random()};
    const std::vector<std::string> adders{
        "exact@bf16/sr",          "exact(order=tree)@bf16/sr", "exact(order=blocked:3)@fp16/sr",
        "exact(order=tree)@fp32", "exact@fp8_e4m3/sr",         "loa(k=4,order=tree)@bf16/sr",
        "exact@fp32/sr",          "exact@fp8_e5m2/sr",         "exact(order=blocked:1,subnormals=flush)@e4m3/sr",
        "exact@tf32/sr"};
    const std::vector<std::string> multipliers{"exact@bf16/sr", "exact@fp32/sr", "exact@fp8_e5m2/sr",
                                               "drum(k=4)@fp16/sr",
                                               "exact(subnormals=flush,overflow=saturate)@fp8_e4m3/sr"};
    Compared compared;
    const std::size_t rounds = testing::samples(400);
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto values = [&](std::size_t count, double scale) {
            std::vector<float> v(count);
            for (float& x : v) {
                x = r.value(scale);
            }
            return v;
        };
        nodes::Conv2d conv;
        conv.weight = {{4, 1, 3, 3}, values(36, 0.5)};
        conv.bias = {{4}, values(4, 0.2)};
        conv.groups = 2;
        conv.pad_begin = conv.pad_end = {1, 1};
        const auto kind = r.chance(0.5) ? nodes::Pool2d::Kind::sum : nodes::Pool2d::Kind::average;
        Conventions how;
        how.integrate = r.chance(0.5) ? Integrate::euler : Integrate::exponential;
        how.reset = r.chance(0.5) ? Reset::zero : Reset::subtract;
        how.cuba_order = r.chance(0.5) ? CubaOrder::old_current : CubaOrder::new_current;
        const std::map<std::string, std::vector<double>> leaky{{"tau_mem", {0.007}},
                                                               {"v_leak", {r.pick<double>({0, 0.1})}},
                                                               {"r", {r.pick<double>({1, 1.7})}},
                                                               {"v_threshold", {0.3}}};
        std::map<std::string, std::vector<double>> cuba = leaky;
        cuba["tau_syn"] = {0.004};
        cuba["t_ref"] = {0.002};
        const Network network = chain({2, 5, 4},
                                      {{"conv", conv},
                                       {"lif", nodes::Neuron{"lif", {4, 5, 4}, leaky}},
                                       {"scale", nodes::Scale{{{1}, {1.3F}}}},
                                       {"pool", nodes::Pool2d{kind, {2, 2}, {2, 2}}},
                                       {"flat", nodes::Flatten{}},
                                       {"w", nodes::Linear{{{7, 16}, values(112, 0.5)}, {{7}, values(7, 0.1)}}},
                                       neuron("cuba", "cubalif", 7, cuba),
                                       {"v", nodes::Linear{{{5, 7}, values(35, 0.9)}, {}}},
                                       neuron("out", "i", 5, {})},
                                      how);
        SimulationOptions options =
            arithmetic(r.pick(adders), r.pick(multipliers), r.pick(adders), r.pick(multipliers));
        options.jit = round % 200 == 0 ? Jit::required : Jit::off;
        options.seed = r.random();
        options.multiply_spikes = r.chance(0.3);
        options.input_events = r.chance(0.5);
        const EncodedSample sample = random_sample(r, 40, options.input_events);
        ASSERT_EQ(compare_with_reference(network, options, sample, compared), "")
            << to_string(options.arithmetic.synapse_add) << " " << to_string(options.arithmetic.synapse_mul) << " "
            << to_string(options.arithmetic.neuron_add) << " " << to_string(options.arithmetic.neuron_mul);
    }
    RecordProperty("spikes", std::to_string(compared.spikes));
    RecordProperty("membranes", std::to_string(compared.membranes));
    EXPECT_GT(compared.spikes, 100 * rounds);
}

}  // namespace
}  // namespace axfire::test
