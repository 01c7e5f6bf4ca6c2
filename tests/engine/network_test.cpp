// SPDX-License-Identifier: Apache-2.0
#include "engine/network/network.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "arith/error.h"
#include "tests/support/named_topology.h"
#include "tests/support/networks.h"
#include "tests/support/refusal.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

using testing::by_name;
using testing::conv2d;
using testing::if_neurons;
using testing::linear;
using testing::NamedTopology;
using testing::NetworkBuilder;
using testing::refusal;
using testing::tensor;

using Names = std::vector<std::string>;

NetworkBuilder small() {
    NetworkBuilder b;
    b.add("input", nodes::Input{{4}})
        .add("fc", linear(3, 4))
        .add("if", if_neurons({3}))
        .add("output", nodes::Output{{3}});
    b.chain({"input", "fc", "if", "output"});
    return b;
}

TEST(Network, ElementCountIsOneForAScalarAndRefusesOverflow) {
    EXPECT_EQ(element_count({}), 1U);
    EXPECT_EQ(element_count({2, 34, 34}), 2312U);
    EXPECT_EQ(element_count({5, 0, 7}), 0U);
    EXPECT_THROW(element_count({std::size_t{1} << 40, std::size_t{1} << 40}), InputError);
    EXPECT_EQ(to_string(Shape{}), "scalar");
    EXPECT_EQ(to_string(Shape{2, 34, 34}), "2x34x34");
}

TEST(Network, WindowSizesAreThoseOfCountedPositions) {
    for (std::size_t in = 1; in < 14; ++in) {
        for (std::size_t kernel = 1; kernel < 6; ++kernel) {
            for (std::size_t stride = 1; stride < 5; ++stride) {
                for (std::size_t pad = 0; pad < 5; ++pad) {
                    for (std::size_t dilation = 1; dilation < 4; ++dilation) {
                        std::size_t positions = 0;  // windows whose last tap is inside
                        for (std::size_t start = 0; start + dilation * (kernel - 1) < in + pad; start += stride) {
                            ++positions;
                        }
                        if (positions == 0) {
                            EXPECT_THROW(window_output_size(in, kernel, stride, pad, dilation), InputError);
                        } else {
                            EXPECT_EQ(window_output_size(in, kernel, stride, pad, dilation), positions);
                        }
                    }
                }
            }
        }
    }
    constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
    EXPECT_THROW(window_output_size(8, kHuge, 1, 0, kHuge), InputError);
    EXPECT_THROW(window_output_size(8, 3, 1, kHuge, 1), InputError);
    EXPECT_THROW(window_output_size(8, 3, 0, 0, 1), InputError);
}

TEST(Network, ChainIsOrderedAndShaped) {
    const NamedTopology t = by_name(small());
    EXPECT_EQ(t.order, (Names{"input", "fc", "if", "output"}));
    EXPECT_EQ(t.shape.at("fc"), Shape{3});
    EXPECT_EQ(t.shape.at("output"), Shape{3});
    EXPECT_EQ(t.feed_forward.at("if"), Names{"fc"});
    EXPECT_TRUE(t.recurrent.empty());
}

TEST(Network, ConvolutionPoolingAndFlattenShapes) {
    NetworkBuilder b;
    nodes::Conv2d first = conv2d(16, 2, 5);
    first.stride = {2, 2};
    first.pad_begin = first.pad_end = {1, 1};
    nodes::Conv2d grouped = conv2d(8, 4, 3);
    grouped.groups = 4;
    grouped.dilation = {2, 1};
    b.add("input", nodes::Input{{2, 34, 34}}).add("c1", first).add("if", if_neurons({}));
    b.add("pool", nodes::Pool2d{})
        .add("c2", grouped)
        .add("flat", nodes::Flatten{0, -1})
        .add("rows", nodes::Flatten{-2, -1});
    b.add("fc", linear(10, 8 * 4 * 6)).add("output", nodes::Output{});
    b.chain({"input", "c1", "if", "pool", "c2", "rows", "flat", "fc", "output"});
    const NamedTopology t = by_name(b);
    EXPECT_EQ(t.shape.at("c1"), (Shape{16, 16, 16}));
    EXPECT_EQ(t.shape.at("if"), (Shape{16, 16, 16}));
    EXPECT_EQ(t.shape.at("pool"), (Shape{16, 8, 8}));
    EXPECT_EQ(t.shape.at("c2"), (Shape{8, 4, 6}));
    EXPECT_EQ(t.shape.at("rows"), (Shape{8, 24}));
    EXPECT_EQ(t.shape.at("flat"), Shape{192});
    EXPECT_EQ(t.shape.at("output"), Shape{10});
}

TEST(Network, AnImageOfRankTwoIsOneChannel) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{28, 28}}).add("conv", conv2d(4, 1, 5)).add("output", nodes::Output{});
    b.chain({"input", "conv", "output"});
    EXPECT_EQ(by_name(b).shape.at("conv"), (Shape{4, 24, 24}));
}

TEST(Network, LinearTakesVectorsOnly) {
    const auto with_input = [](Shape shape) {
        NetworkBuilder b;
        b.add("input", nodes::Input{std::move(shape)}).add("fc", linear(3, 12)).add("output", nodes::Output{});
        b.chain({"input", "fc", "output"});
        return b;
    };
    EXPECT_EQ(refusal(with_input({12})), "");
    EXPECT_EQ(refusal(with_input({1, 12})), "");
    EXPECT_EQ(refusal(with_input({12, 1, 1})), "");
    EXPECT_REFUSED(with_input({3, 4}), "flatten");
    EXPECT_REFUSED(with_input({13}), "needs 12 values");
}

TEST(Network, ScalarNeuronsTakeTheShapeOfTheirSource) {
    NetworkBuilder b = small();
    b.network.nodes[b.find("if")].kind = if_neurons({1});
    EXPECT_EQ(by_name(b).shape.at("if"), Shape{3});
    b.network.nodes[b.find("if")].kind = nodes::Neuron{"if", {}, {{"v_threshold", {1, 2, 3}}}};
    EXPECT_EQ(by_name(b).shape.at("if"), Shape{3});
    b.network.nodes[b.find("if")].kind = nodes::Neuron{"if", {}, {{"v_threshold", {1, 2}}}};
    EXPECT_REFUSED(b, "parameter v_threshold has 2 values");
    b.network.nodes[b.find("if")].kind = if_neurons({4});
    EXPECT_REFUSED(b, "gets 3 from 'fc', but has the shape 4");
}

TEST(Network, RecurrentProjectionReadsTheStepBefore) {
    NetworkBuilder b = small();
    b.add("rec", linear(3, 3)).chain({"if", "rec", "if"});
    const NamedTopology t = by_name(b);
    EXPECT_EQ(t.order, (Names{"input", "fc", "rec", "if", "output"}));
    EXPECT_EQ(t.recurrent.at("rec"), Names{"if"});
    EXPECT_EQ(t.feed_forward.at("if"), (Names{"fc", "rec"}));
    EXPECT_EQ(t.feed_forward.at("output"), Names{"if"});
    EXPECT_FALSE(t.recurrent.contains("if"));
}

TEST(Network, SelfLoopOfASpikingNodeIsRecurrent) {
    NetworkBuilder b = small();
    b.edge("if", "if");
    const NamedTopology t = by_name(b);
    EXPECT_EQ(t.recurrent.at("if"), Names{"if"});
    EXPECT_EQ(t.feed_forward.at("if"), Names{"fc"});
}

TEST(Network, EveryEdgeThatLeavesASpikingNodeOfAComponentIsRecurrent) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{4}}).add("in", linear(4, 4)).add("a", if_neurons({4})).add("ab", linear(4, 4));
    b.add("b", if_neurons({4})).add("ba", linear(4, 4)).add("ac", linear(2, 4)).add("output", nodes::Output{});
    b.chain({"input", "in", "a", "ab", "b", "ba", "a"}).chain({"a", "ac", "output"});
    const NamedTopology t = by_name(b);
    EXPECT_EQ(t.recurrent.at("ab"), Names{"a"});
    EXPECT_EQ(t.recurrent.at("ba"), Names{"b"});
    EXPECT_EQ(t.feed_forward.at("ac"), Names{"a"});
    EXPECT_EQ(t.feed_forward.at("a"), (Names{"ba", "in"}));
    EXPECT_EQ(t.order, (Names{"ab", "b", "ba", "input", "in", "a", "ac", "output"}));
}

TEST(Network, AThresholdNodeBreaksACycleToo) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{2}})
        .add("fc", linear(2, 2))
        .add("li", nodes::Neuron{"li", {2}, {{"tau_mem", {0.01}}}});
    b.add("fire", nodes::Threshold{tensor({2})}).add("rec", linear(2, 2)).add("output", nodes::Output{});
    b.chain({"input", "fc", "li", "fire", "rec", "li"}).edge("fire", "output");
    EXPECT_EQ(by_name(b).recurrent.at("rec"), Names{"fire"});
}

TEST(Network, ADelayBreaksACycleOfAnalogNodes) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{2}})
        .add("fc", linear(2, 2))
        .add("li", nodes::Neuron{"li", {2}, {{"tau_mem", {0.01}}}});
    b.add("delay", nodes::Delay{{2}, {0.003}}).add("rec", linear(2, 2)).add("output", nodes::Output{});
    b.chain({"input", "fc", "li", "delay", "rec", "li", "output"});
    const NamedTopology t = by_name(b);
    EXPECT_EQ(t.feed_forward.at("delay"), Names{"li"});  // which comes later: a delay emits before it accepts
    EXPECT_EQ(t.order, (Names{"delay", "input", "fc", "rec", "li", "output"}));
    EXPECT_TRUE(t.recurrent.empty());
}

TEST(Network, ADelayOutsideACycleKeepsItsOrder) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{2}}).add("a", nodes::Delay{{2}, {0.0, 0.003}}).add("output", nodes::Output{});
    b.chain({"input", "a", "output"});
    EXPECT_EQ(by_name(b).order, (Names{"input", "a", "output"}));
}

TEST(Network, AnalogCycleIsRefusedWithItsNodesInOrder) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{2}}).add("li", nodes::Neuron{"li", {2}, {{"tau_mem", {0.01}}}});
    b.add("z", linear(2, 2)).add("a", linear(2, 2)).add("after", linear(2, 2)).add("output", nodes::Output{});
    b.chain({"input", "li", "z", "a", "li"}).chain({"z", "after", "output"});
    EXPECT_REFUSED(b, "the cycle 'a' -> 'li' -> 'z' -> 'a' has neither a spiking node nor a delay");
    std::mt19937_64 random = testing::test_random();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(refusal(testing::shuffled(b.network, random)), refusal(b));
    }
}

TEST(Network, BadGraphsAreRefusedByName) {
    {
        NetworkBuilder b = small();
        b.network.nodes[1].name = "if";
        EXPECT_REFUSED(b, "two nodes are named 'if'");
    }
    {
        NetworkBuilder b = small();
        b.add("in2", nodes::Input{{4}});
        EXPECT_REFUSED(b, "2 input nodes ('input', 'in2')");
    }
    {
        NetworkBuilder b = small();
        b.add("out2", nodes::Output{}).edge("fc", "out2");
        EXPECT_REFUSED(b, "2 output nodes");
    }
    {
        NetworkBuilder b = small();
        b.network.edges.push_back({0, 99});
        EXPECT_REFUSED(b, "an edge joins the nodes 0 and 99, but the network has 4 nodes");
    }
    {
        NetworkBuilder b = small();
        b.edge("input", "fc");
        EXPECT_REFUSED(b, "the edge 'input' -> 'fc' is given twice");
    }
    {
        NetworkBuilder b = small();
        b.add("fc2", linear(3, 4));
        EXPECT_REFUSED(b, "the node 'fc2' (linear): no edge leads to it");
    }
    {
        NetworkBuilder b = small();
        b.edge("input", "output");
        EXPECT_REFUSED(b, "the node 'output' (output): has 2 sources (if, input), but only neurons add theirs");
    }
    {
        NetworkBuilder b = small();
        b.add("x", if_neurons({3})).add("y", linear(3, 3)).chain({"x", "y", "x"});
        EXPECT_REFUSED(b, "the input does not reach the nodes 'x', 'y'");
    }
    {
        NetworkBuilder b = small();
        b.edge("if", "input");
        EXPECT_REFUSED(b, "the edge 'if' -> 'input' leaves an output or enters an input");
    }
    EXPECT_REFUSED(Network{}, "the network has no input node");
    for (const char* name : {"", "a/b", ".", "..", "line\nbreak"}) {
        NetworkBuilder b = small();
        b.network.nodes[1].name = name;
        EXPECT_REFUSED(b, "must be 1 to 255 bytes");
    }
}

/// small() with another node in the place of the neuron or of the projection.
NetworkBuilder with(const std::string& name, NodeKind kind) {
    NetworkBuilder b = small();
    b.network.nodes[b.find(name)].kind = std::move(kind);
    return b;
}

TEST(Network, BadParametersAreRefusedByName) {
    const double inf = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto lif = [](std::map<std::string, std::vector<double>> changes) {
        std::map<std::string, std::vector<double>> parameters{{"tau_mem", {0.01}}, {"v_threshold", {1}}};
        for (auto& [key, values] : changes) {
            parameters[key] = values;
        }
        return with("if", nodes::Neuron{"lif", {3}, parameters});
    };
    EXPECT_EQ(refusal(lif({})), "");
    EXPECT_EQ(refusal(lif({{"tau_mem", {0.01, 0.02, 0.03}}, {"t_ref", {0}}, {"v_leak", {-70}}})), "");
    for (const double tau : {0.0, -0.0, -1e-3, nan, inf}) {
        EXPECT_REFUSED(lif({{"tau_mem", {tau}}}), "the node 'if' (lif): its parameter tau_mem is");
    }
    EXPECT_REFUSED(lif({{"t_ref", {-0.001}}}), "its parameter t_ref is -0.001 s; it must be finite and not negative");
    EXPECT_REFUSED(lif({{"v_threshold", {1, nan, 1}}}), "its parameter v_threshold is nan");
    EXPECT_REFUSED(lif({{"tau_mem", {0.01, 0.02}}}), "tau_mem has 2 values; it must have 1, or 3");
    EXPECT_REFUSED(lif({{"tau_syn", {0.01}}}), "has a parameter \"tau_syn\"; the model has tau_mem, r");
    EXPECT_REFUSED(lif({{"r", {}}}), "its parameter r has no value");
    EXPECT_REFUSED(with("if", nodes::Neuron{"lif", {3}, {{"tau_mem", {0.01}}}}), "parameter v_threshold is missing");
    EXPECT_REFUSED(with("if", nodes::Neuron{"izhikevich", {3}, {}}),
                   "unknown neuron model \"izhikevich\"; known are clip, cubali");
    EXPECT_REFUSED(with("if", nodes::Delay{{3}, {-1}}), "its delay is -1 s");
    EXPECT_REFUSED(with("if", nodes::Delay{{3}, {1, 2}}), "its delay has 2 values");
    EXPECT_REFUSED(with("if", nodes::Scale{tensor({2})}), "gets 3 from 'fc', but has the shape 2");
}

TEST(Network, BadWeightsAreRefusedByName) {
    EXPECT_REFUSED(with("fc", nodes::Linear{tensor({3, 4}), tensor({4})}), "its bias has 4 values for 3 outputs");
    EXPECT_REFUSED(with("fc", nodes::Linear{tensor({12}), {}}),
                   "its weight has the shape 12; it must be outputs x inputs");
    EXPECT_REFUSED(with("fc", nodes::Linear{Tensor{{3, 4}, std::vector<float>(11)}, {}}),
                   "the shape 3x4 but 11 values");
    const auto image = [](nodes::Conv2d conv) {
        NetworkBuilder b;
        b.add("input", nodes::Input{{4, 6, 6}}).add("conv", std::move(conv)).add("output", nodes::Output{});
        b.chain({"input", "conv", "output"});
        return b;
    };
    nodes::Conv2d conv = conv2d(6, 2, 3);
    EXPECT_REFUSED(image(conv), "needs 2 channels");
    conv.groups = 2;
    EXPECT_EQ(refusal(image(conv)), "");
    conv.groups = 4;
    EXPECT_REFUSED(image(conv), "its 4 groups do not divide its 6 output channels");
    conv.groups = 0;
    EXPECT_REFUSED(image(conv), "0 groups");
    conv.groups = 2;
    conv.stride = {1, 0};
    EXPECT_REFUSED(image(conv), "its stride of 1 x 0");
    conv.stride = {2, 2};
    conv.pad_same = true;
    EXPECT_REFUSED(image(conv), "padding \"same\" needs stride 1");
    conv = conv2d(6, 4, 7);
    EXPECT_REFUSED(image(conv), "the node 'conv' (conv2d): a kernel that spans 7 does not fit into an input of 6");
    conv = conv2d(6, 4, 1);
    conv.pad_end = {1 << 20, 1 << 20};
    EXPECT_REFUSED(image(conv), "elements");
}

TEST(Network, FlattenOutOfRangeIsRefused) {
    for (const auto& [start, end] : std::vector<std::pair<int, int>>{{1, 1}, {-2, -1}, {0, 1}, {0, -2}}) {
        EXPECT_REFUSED(with("if", nodes::Flatten{start, end}), "it merges the axes");
    }
    EXPECT_EQ(refusal(with("if", nodes::Flatten{0, 0})), "");
}

TEST(Network, AFeedForwardSourceFixesTheShapesOfACycle) {
    NetworkBuilder b;
    b.add("input", nodes::Input{{1, 4, 4}}).add("c", conv2d(1, 1, 1)).add("n", if_neurons({}));
    b.add("output", nodes::Output{}).chain({"input", "n", "c", "n", "output"});
    EXPECT_EQ(by_name(b).shape.at("c"), (Shape{1, 4, 4}));
    b.network.nodes[b.find("c")].kind = conv2d(2, 1, 1);
    EXPECT_REFUSED(b, "the node 'n' (if): gets 2x4x4 from 'c', but has the shape 1x4x4");
}

TEST(Network, RecurrentShapesAreCheckedToo) {
    NetworkBuilder b = small();
    b.add("rec", linear(3, 4)).chain({"if", "rec", "if"});
    EXPECT_REFUSED(b, "the node 'rec' (linear): gets 3 from 'if', but its weight 3x4 needs 4 values");
}

}  // namespace
}  // namespace axfire
