// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/convert.h"

#include <gtest/gtest.h>

#include <cmath>

#include "arith/error.h"
#include "engine/convert/compare.h"
#include "tests/engine/networks.h"
#include "tests/support/networks.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

/// Analog samples made up by a test.
class FakeDataset : public Dataset {
public:
    FakeDataset(Shape shape, std::vector<std::vector<float>> samples)
        : shape_(std::move(shape)), samples_(std::move(samples)) {}
    std::size_t size() const override { return samples_.size(); }
    const std::vector<std::size_t>& shape() const override { return shape_; }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double) const override { return 0; }
    Sample load(std::size_t i) const override {
        Sample sample;
        sample.label = 0;
        sample.values = samples_.at(i);
        return sample;
    }

private:
    Shape shape_;
    std::vector<std::vector<float>> samples_;
};

FakeDataset random_data(const Shape& shape, std::size_t samples, std::mt19937_64& random) {
    std::vector<std::vector<float>> values(samples, std::vector<float>(element_count(shape)));
    for (auto& sample : values) {
        for (float& v : sample) {
            v = static_cast<float>(random() % 65) / 64;  // exact in few bits
        }
    }
    return {shape, values};
}

/// Multiples of 1/16 between -1 and 1.
Tensor random_weight(const Shape& shape, std::mt19937_64& random) {
    Tensor tensor{shape, std::vector<float>(element_count(shape))};
    for (float& w : tensor.data) {
        w = (static_cast<float>(random() % 33) - 16) / 16;
    }
    return tensor;
}

Calibration over(const FakeDataset& data, std::uint32_t steps) {
    Calibration calibration{data, {}, data.size(), 1};
    calibration.encoder.steps = steps;
    return calibration;
}

void quiet(const std::string&) {}

nodes::Neuron relu(Shape shape) {
    return {"relu", std::move(shape), {}};
}

/// The neuron's mean output over a number of steps is the quantised activation, for a constant input: to the bit, with
/// weights and inputs that are exact. Bu et al., ICLR 2022, Theorem 2.
TEST(Convert, QcfsLayerIsExactAtItsLevels) {
    std::mt19937_64 random = testing::test_random();
    for (const unsigned levels : {1u, 2u, 4u, 8u, 16u}) {
        for (const double theta : {1.0, 0.5, 4.0}) {
            testing::NetworkBuilder b;
            b.add("input", nodes::Input{{12}})
                .add("fc", nodes::Linear{random_weight({40, 12}, random), random_weight({40}, random)})
                .add("act", nodes::Neuron{"qcfs", {40}, {{"theta", {theta}}, {"levels", {double(levels)}}}})
                .add("out", nodes::Linear{random_weight({3, 40}, random), random_weight({3}, random)})
                .add("output", nodes::Output{})
                .chain({"input", "fc", "act", "out", "output"});
            const FakeDataset data = random_data({12}, 20, random);
            ConvertOptions options;
            options.method = ConversionMethod::qcfs;
            const Calibration calibration = over(data, levels);
            const Conversion conversion = convert(b.network, calibration, options, quiet);
            std::vector<std::vector<float>> activation;
            trace(b.network, {{b.find("act"), false, true}}, calibration, 1,
                  [&](std::size_t, std::vector<Trace>& t) { activation.push_back(t[0].membrane); });
            const std::size_t at = node_named(conversion.network, "act");
            trace(conversion.network, {{at, true, false}}, calibration, 0, [&](std::size_t s, std::vector<Trace>& t) {
                const std::vector<std::uint32_t> counts = spike_counts(t[0], 40);
                for (std::size_t i = 0; i < 40; ++i) {
                    ASSERT_EQ(theta * counts[i] / levels, activation[s][i]) << levels << ' ' << theta << ' ' << i;
                }
            });
            EXPECT_EQ(conversion.layers[0].relative_error, 0);
            EXPECT_EQ(conversion.layers[0].scale, theta);
        }
    }
}

/// A network with everything that carries spikes between populations of different scales.
testing::NetworkBuilder everything(std::mt19937_64& random) {
    testing::NetworkBuilder b;
    const auto conv = [&](std::size_t out, std::size_t in, float gain) {
        nodes::Conv2d c;
        c.weight = random_weight({out, in, 3, 3}, random);
        c.bias = random_weight({out}, random);
        for (float& w : c.weight.data) {
            w *= gain;
        }
        c.pad_begin = c.pad_end = {1, 1};
        return c;
    };
    nodes::Pool2d average{nodes::Pool2d::Kind::average};
    nodes::Rearrange slice{{4, 8, 8}, {}};  // channels 0, 1, none, 2 of three
    for (const std::size_t channel : {0u, 1u, 9u, 2u}) {
        for (std::size_t p = 0; p < 64; ++p) {
            slice.source.push_back(channel == 9 ? nodes::Rearrange::kFill
                                                : static_cast<std::uint32_t>(channel * 64 + p));
        }
    }
    b.add("input", nodes::Input{{2, 8, 8}})
        .add("a", conv(3, 2, 0.3F))
        .add("ra", relu({3, 8, 8}))
        .add("b", conv(4, 3, 2))
        .add("rb", relu({4, 8, 8}))
        .add("slice", slice)
        .add("sum", relu({4, 8, 8}))
        .add("cat", nodes::Concat{0, {"ra", "sum", "ra"}})
        .add("average", average)
        .add("c", conv(5, 10, 0.05F))
        .add("rc", relu({5, 4, 4}))
        .add("flat", nodes::Flatten{})
        .add("fc", nodes::Linear{random_weight({6, 80}, random), random_weight({6}, random)})
        .add("residual", nodes::Neuron{"identity", {6}, {}})
        .add("fc2", nodes::Linear{random_weight({6, 80}, random), {}})
        .add("softmax", nodes::Softmax{})
        .add("output", nodes::Output{});
    b.chain({"input", "a", "ra", "b", "rb", "sum", "cat", "average", "c", "rc", "flat", "fc", "residual", "softmax",
             "output"});
    b.edge("ra", "slice").edge("slice", "sum").edge("ra", "cat").edge("flat", "fc2").edge("fc2", "residual");
    return b;
}

TEST(Convert, RatesComeNearTheActivations) {
    std::mt19937_64 random = testing::test_random();
    const testing::NetworkBuilder b = everything(random);
    const FakeDataset data = random_data({2, 8, 8}, 4, random);
    for (const auto method : {ConversionMethod::maximum, ConversionMethod::threshold_balance}) {
        ConvertOptions options;
        options.method = method;
        const Conversion conversion = convert(b.network, over(data, 2000), options, quiet);
        ASSERT_EQ(conversion.layers.size(), 4u);
        for (const LayerConversion& l : conversion.layers) {
            EXPECT_LT(l.relative_error, 0.03) << l.name;
            EXPECT_GT(l.expected_rate, 0.001) << l.name;
            EXPECT_NEAR(l.measured_rate, l.expected_rate, 0.01) << l.name;
        }
        // The read-out accumulates the logits, in their own units.
        std::vector<std::vector<float>> logits;
        const Network head = network_up_to(b.network, b.find("residual"));
        trace(head, {{node_named(head, "residual"), false, true}}, over(data, 1), 1,
              [&](std::size_t, std::vector<Trace>& t) { logits.push_back(t[0].membrane); });
        const std::size_t readout = node_named(conversion.network, "readout");
        trace(conversion.network, {{readout, false, true}}, over(data, 2000), 0,
              [&](std::size_t s, std::vector<Trace>& t) {
                  for (std::size_t i = 0; i < 6; ++i) {
                      EXPECT_NEAR(t[0].membrane[1999 * 6 + i] / 2000, logits[s][i],
                                  0.03 * std::abs(logits[s][i]) + 0.05);
                  }
              });
    }
}

TEST(Convert, MaximumPoolingIsAGateOrAnAverage) {
    std::mt19937_64 random = testing::test_random();
    testing::NetworkBuilder b;
    nodes::Conv2d conv;
    conv.weight = random_weight({3, 1, 1, 1}, random);
    b.add("input", nodes::Input{{1, 6, 6}})
        .add("conv", conv)
        .add("relu", relu({3, 6, 6}))
        .add("pool", nodes::Pool2d{nodes::Pool2d::Kind::maximum})
        .add("conv2", testing::conv2d(2, 3, 1))
        .add("relu2", relu({2, 3, 3}))
        .add("output", nodes::Output{})
        .chain({"input", "conv", "relu", "pool", "conv2", "relu2", "output"});
    const FakeDataset data = random_data({1, 6, 6}, 3, random);
    ConvertOptions options;
    options.method = ConversionMethod::maximum;
    EXPECT_LT(convert(b.network, over(data, 1000), options, quiet).layers[1].relative_error, 0.05);
    options.average_for_max = true;
    const Conversion averaged = convert(b.network, over(data, 1000), options, quiet);
    EXPECT_GT(averaged.layers[1].relative_error, 0.1);
    // Averages of spikes are sums with 1/4 in the next weights.
    EXPECT_EQ(testing::node_of<nodes::Pool2d>(averaged.network, "pool").kind, nodes::Pool2d::Kind::sum);
}

TEST(Convert, WhatHasNoSpikingCounterpartIsNamed) {
    std::mt19937_64 random = testing::test_random();
    testing::NetworkBuilder b;
    b.add("input", nodes::Input{{2}})
        .add("gate", nodes::Neuron{"sigmoid", {2}, {}})
        .add("leaky", nodes::Neuron{"leaky_relu", {2}, {}})
        .add("relu", relu({2}))
        .add("output", nodes::Output{})
        .chain({"input", "gate", "leaky", "relu", "output"});
    const FakeDataset data = random_data({2}, 1, random);
    try {
        convert(b.network, over(data, 4), {}, quiet);
        FAIL();
    } catch (const InputError& e) {
        const std::string text = e.what();
        EXPECT_NE(text.find("'gate' (sigmoid), 'leaky' (leaky_relu)"), std::string::npos) << text;
    }
}

TEST(Convert, SilentActivationsAreRefused) {
    testing::NetworkBuilder b;
    b.add("input", nodes::Input{{2}}).add("relu", relu({2})).add("output", nodes::Output{});
    b.chain({"input", "relu", "output"});
    const FakeDataset data({2}, {{0, 0}});
    EXPECT_THROW(convert(b.network, over(data, 4), {}, quiet), InputError);
}

TEST(ActivationHistogram, PercentilesOfPositiveValues) {
    ActivationHistogram h;
    for (int i = -1000; i <= 1000; ++i) {
        h.add(static_cast<float>(i));
    }
    h.add(NAN);
    EXPECT_EQ(h.count(), 1000u);
    EXPECT_EQ(h.maximum(), 1000);
    EXPECT_NEAR(h.percentile(50), 500, 2);
    EXPECT_NEAR(h.percentile(99.9), 999, 2);
    EXPECT_EQ(h.percentile(100), 1000);
}

}  // namespace
}  // namespace axfire
