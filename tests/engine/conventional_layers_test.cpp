// SPDX-License-Identifier: Apache-2.0
// Shapes of the layers of conventional networks, and which of them are refused.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/named_topology.h"
#include "tests/support/networks.h"
#include "tests/support/refusal.h"

namespace axfire {
namespace {

using testing::by_name;
using testing::NamedTopology;
using testing::NetworkBuilder;
using testing::refusal;
using testing::tensor;

TEST(ConventionalLayers, LayersOfConventionalNetworksAreShaped) {
    const Tensor two = tensor({2});
    nodes::Pool2d ceiling;
    ceiling.kind = nodes::Pool2d::Kind::maximum;
    ceiling.kernel = {3, 3};
    ceiling.dilation = {1, 2};
    ceiling.extra_end = {1, 1};
    NetworkBuilder b;
    b.add("input", nodes::Input{{2, 6, 8}}).add("bn", nodes::BatchNorm{two, two, two, two}).add("lrn", nodes::Lrn{});
    b.add("cat", nodes::Concat{-1, {"lrn", "input", "lrn"}}).add("softmax", nodes::Softmax{0}).add("max", ceiling);
    b.add("bias", nodes::Bias{tensor({1})}).add("turned", nodes::Rearrange{{5, 1}, {0, 1, 2, 3, 4}, 0});
    b.add("mask", nodes::Rearrange{{1, 5}, {4, 3, 2, 1, 0}, 0}).add("rows", nodes::Reshape{{1, 5}});
    b.add("product", nodes::Multiply{{"rows", "mask"}}).add("output", nodes::Output{});
    b.chain({"input", "bn", "lrn", "cat", "softmax", "max", "bias", "turned", "rows", "product", "output"});
    b.edge("input", "cat").chain({"bias", "mask", "product"});
    const NamedTopology t = by_name(b);
    EXPECT_EQ(t.shape.at("bn"), (Shape{2, 6, 8}));
    EXPECT_EQ(t.shape.at("cat"), (Shape{2, 6, 24}));
    EXPECT_EQ(t.shape.at("softmax"), (Shape{2, 6, 24}));
    EXPECT_EQ(t.shape.at("max"), (Shape{2, 3, 11}));
    EXPECT_EQ(t.shape.at("bias"), (Shape{2, 3, 11}));
    EXPECT_EQ(t.shape.at("turned"), (Shape{5, 1}));
    EXPECT_EQ(t.shape.at("product"), (Shape{1, 5}));
}

/// input 2x3x4 -> layer -> output, and a second source of a shape of its own for nodes that take two.
NetworkBuilder layer(NodeKind kind, const Shape& second = {}) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{2, 3, 4}}).add("layer", std::move(kind)).add("output", nodes::Output{});
    b.chain({"input", "layer", "output"});
    if (!second.empty()) {
        b.add("other", nodes::Rearrange{second, std::vector<std::uint32_t>(element_count(second)), 0});
        b.chain({"input", "other", "layer"});
    }
    return b;
}

TEST(ConventionalLayers, ConcatNeedsEqualExtentsBesideItsAxis) {
    const auto concat = [](int axis, const Shape& second) {
        return layer(nodes::Concat{axis, {"input", "other"}}, second);
    };
    EXPECT_EQ(refusal(concat(0, {5, 3, 4})), "");
    EXPECT_EQ(refusal(concat(-2, {2, 7, 4})), "");
    EXPECT_EQ(refusal(layer(nodes::Concat{2, {"input", "input"}})), "");
    EXPECT_REFUSED(concat(0, {2, 2, 4}), "the node 'layer' (concat)");
    EXPECT_REFUSED(concat(0, {2, 2, 4}), "2x2x4");
    EXPECT_REFUSED(concat(2, {3, 2, 4}), "3x2x4");
    EXPECT_REFUSED(concat(0, {24}), "24");
    for (const int axis : {3, -4, 100}) {
        EXPECT_REFUSED(concat(axis, {2, 3, 4}), "the node 'layer' (concat)");
        EXPECT_REFUSED(concat(axis, {2, 3, 4}), std::to_string(axis));
    }
    EXPECT_REFUSED(layer(nodes::Concat{0, {}}), "the node 'layer' (concat)");
}

TEST(ConventionalLayers, NamesOfInputsAreThoseOfTheSources) {
    const Shape same{2, 3, 4};
    const std::vector<std::string> bad[] = {{"input", "none"}, {"input"}, {"other", "layer"}, {"input", "output"}};
    for (const std::vector<std::string>& inputs : bad) {
        EXPECT_REFUSED(layer(nodes::Concat{0, inputs}, same), "the node 'layer' (concat): lists the inputs");
        if (inputs.size() == 2) {
            EXPECT_REFUSED(layer(nodes::Multiply{inputs}, same), "the node 'layer' (multiply): lists the inputs");
        }
    }
    EXPECT_EQ(refusal(layer(nodes::Concat{0, {"other", "input", "other"}}, same)), "");
    EXPECT_EQ(refusal(layer(nodes::Multiply{{"other", "input"}}, same)), "");
    EXPECT_EQ(refusal(layer(nodes::Multiply{{"input", "input"}})), "");
    EXPECT_REFUSED(layer(nodes::Multiply{{"input", "other", "other"}}, same), "multiplies 3 inputs; it takes 2");
    EXPECT_REFUSED(layer(nodes::Multiply{{"input"}}), "multiplies 1 inputs; it takes 2");
}

TEST(ConventionalLayers, AFactorRepeatsAlongExtentsOfOneOnly) {
    const auto multiply = [](const Shape& second) { return layer(nodes::Multiply{{"input", "other"}}, second); };
    for (const Shape& fits : {Shape{2, 3, 4}, {1, 1, 1}, {2, 1, 1}, {1, 3, 4}}) {
        EXPECT_EQ(refusal(multiply(fits)), "") << to_string(fits);
        EXPECT_EQ(by_name(multiply(fits)).shape.at("layer"), (Shape{2, 3, 4}));
    }
    for (const Shape& bad : {Shape{2, 3, 2}, {4, 3, 2}, {24}, {4, 3, 4}, {3, 1, 1}}) {
        EXPECT_REFUSED(multiply(bad), "the node 'layer' (multiply)");
        EXPECT_REFUSED(multiply(bad), to_string(bad));
    }
    // The second repeats, not the first.
    EXPECT_REFUSED(layer(nodes::Multiply{{"other", "input"}}, {2, 1, 1}), "the node 'layer' (multiply)");
}

TEST(ConventionalLayers, RearrangedElementsMustExist) {
    const std::uint32_t none = nodes::Rearrange::kFill;
    EXPECT_EQ(refusal(layer(nodes::Rearrange{{2, 2}, {0, 23, none, 5}, 1})), "");
    EXPECT_REFUSED(layer(nodes::Rearrange{{2, 2}, {0, 24, none, 5}, 0}), "the node 'layer' (rearrange)");
    EXPECT_REFUSED(layer(nodes::Rearrange{{2, 2}, {0, 24, none, 5}, 0}), "24");
    EXPECT_REFUSED(layer(nodes::Rearrange{{2, 2}, {0, none - 1, none, 5}, 0}), "4294967294");
    EXPECT_REFUSED(layer(nodes::Rearrange{{2, 2}, {0, 1, 2}, 0}), "has 3 sources for the 4 elements of its shape 2x2");
    EXPECT_REFUSED(layer(nodes::Rearrange{{2, 0}, {}, 0}), "extent of 0");
    EXPECT_REFUSED(layer(nodes::Rearrange{{1}, {none}, INFINITY}), "fills with inf; it must be finite");
}

TEST(ConventionalLayers, BatchNormHasValuesForEachChannel) {
    const auto norm = [](std::size_t g, std::size_t b, std::size_t m, std::size_t v) {
        return nodes::BatchNorm{tensor({g}), tensor({b}), tensor({m}), tensor({v})};
    };
    EXPECT_EQ(refusal(layer(norm(2, 2, 2, 2))), "");
    EXPECT_REFUSED(layer(norm(3, 3, 3, 3)), "the node 'layer' (batchnorm)");
    EXPECT_REFUSED(layer(norm(3, 3, 3, 3)), "2x3x4");
    EXPECT_REFUSED(layer(norm(1, 1, 1, 1)), "the node 'layer' (batchnorm)");
    EXPECT_REFUSED(layer(norm(2, 1, 2, 2)), "its gamma has 2 values and its beta 1");
    EXPECT_REFUSED(layer(norm(2, 2, 3, 2)), "its gamma has 2 values and its mean 3");
    EXPECT_REFUSED(layer(norm(2, 2, 2, 1)), "its gamma has 2 values and its variance 1");
    EXPECT_REFUSED(layer(nodes::BatchNorm{}), "the node 'layer' (batchnorm)");
    nodes::BatchNorm bad = norm(2, 2, 2, 2);
    for (const float variance : {-0.5F, -1.1e-5F, NAN, INFINITY}) {
        bad.variance.data[1] = variance;
        bad.epsilon = 1e-5;
        EXPECT_REFUSED(layer(bad), "must have a finite sum above 0") << variance;
    }
    bad.variance.data[1] = 0;
    bad.epsilon = 0;
    EXPECT_REFUSED(layer(bad), "its variance 0 and epsilon 0");
}

TEST(ConventionalLayers, AxesAndCountsOfConventionalLayersAreChecked) {
    for (const int axis : {-3, -1, 0, 2}) {
        EXPECT_EQ(refusal(layer(nodes::Softmax{axis})), "") << axis;
    }
    for (const int axis : {3, -4, 1 << 30}) {
        EXPECT_REFUSED(layer(nodes::Softmax{axis}), "the node 'layer' (softmax)");
        EXPECT_REFUSED(layer(nodes::Softmax{axis}), std::to_string(axis));
    }
    EXPECT_EQ(refusal(layer(nodes::Reshape{{1, 24, 1}})), "");
    EXPECT_REFUSED(layer(nodes::Reshape{{5, 5}}), "the node 'layer' (reshape)");
    EXPECT_REFUSED(layer(nodes::Reshape{{5, 5}}), "5x5");
    EXPECT_REFUSED(layer(nodes::Reshape{{24, 0}}), "extent of 0");
    EXPECT_REFUSED(layer(nodes::Bias{tensor({23})}), "the node 'layer' (bias)");
    EXPECT_REFUSED(layer(nodes::Bias{Tensor{{0}, {}}}), "its bias has no values");
    EXPECT_REFUSED(layer(nodes::Scale{Tensor{{2}, {1, -0.0F}}, true}), "divides by 0");
    EXPECT_REFUSED(layer(nodes::Lrn{0}), "its size 0 must be 1 to");
    EXPECT_REFUSED(layer(nodes::Lrn{5, NAN}), "alpha nan");
    nodes::Pool2d pool;
    pool.kind = nodes::Pool2d::Kind::maximum;
    pool.dilation = {3, 1};
    EXPECT_REFUSED(layer(pool), "the node 'layer' (maxpool2d)");
    pool.dilation = {0, 1};
    EXPECT_REFUSED(layer(pool), "its dilation of 0 x 1");
    EXPECT_REFUSED(layer(nodes::Neuron{"qcfs", {}, {{"levels", {0}}}}), "its parameter levels is 0");
    EXPECT_REFUSED(layer(nodes::Neuron{"relu", {}, {{"alpha", {0}}}}), "has a parameter \"alpha\"");
}

}  // namespace
}  // namespace axfire
