// SPDX-License-Identifier: Apache-2.0
// Gradients by the slopes of approximate products, against lines fitted to the oracle's products.
#include <gtest/gtest.h>

#include "arith/error.h"
#include "engine/models/load_model.h"
#include "engine/models/tabulate.h"
#include "tests/engine/gradient_comparison.h"
#include "tests/oracle/training/product.h"
#include "tests/support/temporary_folder.h"

namespace axfire::test {
namespace {

Tensor random_tensor(const Shape& shape, double scale) {
    std::uniform_real_distribution<double> draw(-scale, scale);
    Tensor tensor{shape, {}};
    for (std::size_t i = 0; i < element_count(shape); ++i) {
        tensor.data.push_back(static_cast<float>(draw(generator())));
    }
    return tensor;
}

/// A convolution with stride, groups and padding, and two linear layers.
Case small(const std::string& mul, bool table) {
    nodes::Conv2d conv;
    conv.weight = random_tensor({4, 1, 3, 3}, 0.6);
    conv.bias = random_tensor({4}, 0.3);
    conv.stride = {2, 1};
    conv.pad_begin = {1, 0};
    conv.groups = 2;
    Case c{mul, chain({2, 5, 6}, {{"c", conv},
                                  {"t", nodes::Neuron{"tanh", {}, {}}},
                                  {"f", nodes::Flatten{}},
                                  {"a", nodes::Linear{random_tensor({5, 32}, 0.4), random_tensor({5}, 0.3)}},
                                  {"r", nodes::Neuron{"leaky_relu", {}, {}}},
                                  {"b", nodes::Linear{random_tensor({3, 5}, 0.8), {}}}})};
    c.options.table = table;
    c.multiplier = parse_multiplier(mul, load_model);
    return c;
}

TEST(ProductGradient, SlopesAreThoseOfFittedLines) {
    for (const char* text : {"drum(k=3)@bf16", "mitchell@e5m6", "bam(h=3,v=2)@bf16", "dropped(d=3)@e6m5",
                             "kulkarni@e8m3", "mitchell@e8m1", "roba@e5m2", "drum(k=5)@e5m9"}) {
        SCOPED_TRACE(text);
        Case c = small(text, true);
        const std::string name = std::string(text).substr(0, std::string(text).find_first_of("(@"));
        c.product = oracle::FittedProduct(c.multiplier.format, oracle::multiplier(name), c.multiplier.parameters);
        Comparison comparison(c);
        const std::vector<std::vector<float>> gradients = comparison.gradients(1);
        EXPECT_NEAR(comparison.loss_found(), comparison.loss<double>({0, "", 0}, 0), 1e-5);
        comparison.expect_near(gradients, [&](const oracle::Variable& v) {
            return comparison.loss<oracle::Dual>(v, oracle::Dual(0, 1)).slope;
        });
        EXPECT_EQ(gradients, comparison.gradients(3));
        comparison.use_table(false);
        EXPECT_NE(gradients, comparison.gradients(1));
    }
}

TEST(ProductGradient, OfExactProductsAreTheOperands) {
    for (const char* text : {"exact@fp32", "exact@bf16/rz"}) {
        SCOPED_TRACE(text);
        Case c = small(text, false);
        Comparison comparison(c);
        const std::vector<std::vector<float>> gradients = comparison.gradients(1);
        comparison.use_table(true);
        EXPECT_EQ(gradients, comparison.gradients(1));
    }
}

TEST(ProductGradient, TableFilesHaveThoseOfTheUnitTheyWereMadeFrom) {
    const axfire::testing::TemporaryFolder folder;
    const std::filesystem::path file = folder / "drum.h5";
    write_table(file, tabulate(parse_multiplier("drum(k=3)@bf16")), false);
    Comparison comparison(small("drum(k=3)@bf16", true));
    const std::vector<std::vector<float>> gradients = comparison.gradients(1);
    comparison.use_multiplier(parse_multiplier("table(file=" + file.string() + ")@bf16", load_model));
    EXPECT_EQ(gradients, comparison.gradients(1));
}

TEST(ProductGradient, WideFormatsAreRefused) {
    Comparison comparison(small("drum(k=3)@fp32", true));
    try {
        comparison.gradients(1);
        FAIL() << "slopes of 23 bits";
    } catch (const InputError& e) {
        EXPECT_NE(std::string(e.what()).find("node 'c': --gradient table has no slopes for drum(k=3)@fp32"), std::string::npos)
            << e.what();
    }
}

}  // namespace
}  // namespace axfire::test
