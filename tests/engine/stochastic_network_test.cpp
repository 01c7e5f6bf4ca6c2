// SPDX-License-Identifier: Apache-2.0
// The places of stochastic roundings in networks: words written out by hand, and the plain simulator.
#include <gtest/gtest.h>

#include "arith/spec_text.h"
#include "tests/engine/reference_choices.h"
#include "tests/engine/small_runs.h"
#include "tests/oracle/stochastic.h"
#include "tests/support/seed.h"

namespace axfire::test {
namespace {

using testing::test_random;

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
        EXPECT_EQ(membrane(two, 1), up_by_a_quarter(Place{seed, 3, 9, 0}.word(1, 0x800001, 2)));
    }
}

TEST(StochasticNetwork, LayersOfConventionalNetworksHaveTheirs) {
    std::size_t overtaken = 0;
    for (u64 seed = 0; seed < 64; ++seed) {
        const Place at{seed, 1, 5, 0};
        const auto of = [&](NodeKind layer, float x, SimulationOptions options) {
            EncodedSample sample = constant_input({0, x}, 1);
            sample.sample_index = at.sample;
            options.seed = seed;
            return readout(chain({2}, {{"layer", std::move(layer)}}), sample, options)[1];
        };
        const SimulationOptions sums = with_adder("exact@bf16/sr");
        const SimulationOptions products = with_adder("exact@fp32", "exact@bf16/sr");
        // An addition has operand 1: the signal's conversion word 0, the sum word 2.
        EXPECT_EQ(of(nodes::Bias{{{2}, {1, 0}}}, 0x1.008p0F, sums), up_by_a_quarter(at.word(1, 1, 0)));
        EXPECT_EQ(of(nodes::Bias{{{2}, {1, 0x1p-9F}}}, 1, sums), up_by_a_quarter(at.word(1, 1, 2)));
        const Tensor one{{2}, {1, 1}};
        const Tensor zero{{2}, {0, 0}};
        EXPECT_EQ(of(nodes::BatchNorm{one, {{2}, {0, 0x1p-9F}}, zero, one, 0}, 1, sums),
                  up_by_a_quarter(at.word(1, 1, 2)));
        // A product has operand 0: 0x1.08p0 * 0x1.1p0 = 0x1.188p0, a quarter above 0x1.18p0.
        const float product = at.word(1, 0, 0) < 0x40000000 ? 0x1.1ap0F : 0x1.18p0F;
        EXPECT_EQ(of(nodes::Scale{{{1}, {0x1.1p0F}}}, 0x1.08p0F, products), product);
        EXPECT_EQ(of(nodes::BatchNorm{{{2}, {1, 0x1.1p0F}}, zero, zero, one, 0}, 0x1.08p0F, products), product);
        // Of two signals each has a conversion of its own; the second counts as 1 where it becomes 1.
        const float first = up_by_a_quarter(at.word(1, 0xffffff, 0));
        const float second = up_by_a_quarter(at.word(1, 0, 1));
        const float square = at.word(1, 0, 0) < 1u << 25 ? 0x1.06p0F : 0x1.04p0F;  // of 0x1.02p0: 0x1.0404p0
        EXPECT_EQ(of(nodes::Multiply{{"input", "input"}}, 0x1.008p0F, products), second == 1  ? 0x1.008p0F
                                                                                 : first == 1 ? second
                                                                                              : square);
        // What an input has brought: operand 0. Input 1 overtakes where 1 + 2^-9 goes up.
        EncodedSample sample;
        sample.steps = 2;
        sample.step_begin = {0, 2, 3};
        sample.index = {0, 1, 1};
        sample.amplitude = {1, 1, 0x1p-9F};
        sample.sample_index = at.sample;
        nodes::Pool2d pool{nodes::Pool2d::Kind::maximum, {1, 2}, {1, 2}};
        SimulationOptions options = sums;
        options.readout = Readout::automatic;
        options.seed = seed;
        const bool up = Place{seed, 1, 5, 1}.word(1, 0, 2) < 0x40000000;
        const Network largest = chain({1, 1, 2}, {{"p", pool}, neuron("n", "identity", 1, {})});
        EXPECT_EQ(readout(largest, sample, options)[0], up ? 1 + 0x1p-9F : 1);
        overtaken += up ? 1 : 0;
    }
    EXPECT_GT(overtaken, 4U);
    EXPECT_LT(overtaken, 32U);
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
