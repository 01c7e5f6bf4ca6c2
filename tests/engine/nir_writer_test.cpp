// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/nir_writer.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "engine/formats/nir_reader.h"
#include "tests/datasets/support.h"
#include "tests/support/networks.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::has_edge;
using testing::input_error;
using testing::NetworkBuilder;
using testing::node_of;
using testing::TemporaryFolder;
using testing::tensor;

std::filesystem::path real_file(const char* name) {
    return std::filesystem::path(testing::real_data()) / "nir" / name;
}

/// Runs a Python statement with `nir` and sys.argv at hand; its exit code is 77 where the package is not installed.
int run_python(const std::string& code, const std::vector<std::filesystem::path>& arguments) {
    const char* python = std::getenv("AXFIRE_PYTHON");
    std::string command =
        fmt::format("{} -c '{}'", python != nullptr ? python : "python3",
                    "import sys\ntry:\n  import nir, numpy as np\nexcept ImportError:\n  sys.exit(77)\n" + code);
    for (const auto& argument : arguments) {
        command += " '" + argument.string() + "'";
    }
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int kNoPackage = 77;

/// Compares every array of two NIR files, spread to the same shape.
constexpr const char* kCompareFiles =
    "a, b = (nir.read(f) for f in sys.argv[1:3])\n"
    "assert sorted(a.nodes) == sorted(b.nodes) and sorted(a.edges) == sorted(b.edges), (a.edges, b.edges)\n"
    "for name, x in a.nodes.items():\n"
    "  y = b.nodes[name]\n"
    "  assert type(x) is type(y), name\n"
    "  for key, value in x.to_dict().items():\n"
    "    if key in (\"metadata\", \"type\", \"input_type\", \"output_type\"): continue\n"
    "    assert np.array_equal(np.asarray(value), np.asarray(y.to_dict()[key])), (name, key)\n";

TEST(NirWriter, ExportedFilesSayTheSameToTheNirPackage) {
    AXFIRE_NEEDS_REAL_DATA();
    const TemporaryFolder folder;
    for (const char* name : {"cnn_sinabs.nir", "braille_noDelay_bias_zero.nir", "lif/lif_norse.nir"}) {
        const auto copy = folder.path() / std::filesystem::path(name).filename();
        write_nir(read_nir(real_file(name)), copy);
        const int code = run_python(kCompareFiles, {real_file(name), copy});
        if (code == kNoPackage) {
            GTEST_SKIP() << "needs the Python package nir (pip install nir; AXFIRE_PYTHON names the interpreter)";
        }
        EXPECT_EQ(code, 0) << name;
    }
}

/// A network with every node type that NIR has.
Network everything() {
    const auto parameters = [](std::initializer_list<const char*> names) {
        std::map<std::string, std::vector<double>> map;
        double value = 0.5;
        for (const char* name : names) {
            map[name] = {value += 0.125};
        }
        return map;
    };
    NetworkBuilder b;
    nodes::Conv2d same;
    same.weight = tensor({4, 1, 3, 2});
    same.bias = tensor({4}, -0.25F);
    same.pad_same = true;
    same.pad_begin = {1, 0};
    same.pad_end = {1, 1};
    same.groups = 2;
    same.weight.data[5] = -0.0F;
    nodes::Conv2d strided = testing::conv2d(2, 4, 3);
    strided.bias = tensor({2}, 1e-40F);  // subnormal
    strided.stride = {2, 1};
    strided.dilation = {1, 2};
    strided.pad_begin = strided.pad_end = {1, 2};
    nodes::Pool2d sum;
    nodes::Pool2d average;
    average.kind = nodes::Pool2d::Kind::average;
    average.kernel = {1, 2};
    average.stride = {1, 1};
    b.add("input", nodes::Input{{2, 8, 8}}).add("same", same).add("scale", nodes::Scale{tensor({4, 8, 8}, 1.5F)});
    b.add("if", nodes::Neuron{"if", {4, 8, 8}, parameters({"r", "v_threshold", "v_reset"})}).add("sum", sum);
    b.add("average", average)
        .add("strided", strided)
        .add("flat", nodes::Flatten{0, -1})
        .add("fc", testing::linear(5, 12));
    b.add("li", nodes::Neuron{"li", {5}, parameters({"tau_mem", "r", "v_leak"})});
    b.add("threshold", nodes::Threshold{tensor({5})}).add("delay", nodes::Delay{{5}, {0.001, 0, 0.002, 0.003, 0.25}});
    b.add("i", nodes::Neuron{"i", {5}, parameters({"r"})});
    b.add("cubali", nodes::Neuron{"cubali", {5}, parameters({"tau_syn", "tau_mem", "r", "v_leak", "w_in"})});
    b.add("lif", nodes::Neuron{"lif", {5}, parameters({"tau_mem", "r", "v_leak", "v_threshold", "v_reset"})});
    b.add("fc2", nodes::Linear{tensor({3, 5}), tensor({3})});
    b.add("cubalif",
          nodes::Neuron{
              "cubalif", {3}, parameters({"tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"})});
    b.add("output", nodes::Output{{3}});
    b.chain({"input", "same", "scale", "if", "sum", "average", "strided", "flat", "fc", "li", "threshold", "delay", "i",
             "cubali", "lif", "fc2", "cubalif", "output"});
    b.network.provenance = "everything";
    return b.network;
}

TEST(NirWriter, WhatIsWrittenIsReadBack) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "all.nir";
    Network expected = everything();
    write_nir(expected, file);
    const Network found = read_nir(file);
    ASSERT_EQ(found.nodes.size(), expected.nodes.size());
    for (const Node& node : found.nodes) {
        Node& original = expected.nodes[NetworkBuilder{expected}.find(node.name)];
        EXPECT_EQ(type_name(node), type_name(original));
        if (auto* neuron = std::get_if<nodes::Neuron>(&original.kind)) {  // NIR has one value for each neuron
            for (auto& [name, values] : neuron->parameters) {
                values.assign(element_count(neuron->shape), values[0]);
            }
        }
        if (auto* conv = std::get_if<nodes::Conv2d>(&original.kind); conv != nullptr && conv->bias.empty()) {
            conv->bias = tensor({conv->weight.shape[0]}, 0);
        }
        EXPECT_TRUE(std::visit(testing::SameKind{node.kind}, original.kind)) << node.name;
    }
    EXPECT_EQ(found.edges.size(), expected.edges.size());
    for (const Edge& edge : expected.edges) {
        EXPECT_TRUE(has_edge(found, expected.nodes[edge.from].name, expected.nodes[edge.to].name));
    }
}

TEST(NirWriter, TheNirPackageReadsEveryNodeType) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "all.nir";
    write_nir(everything(), file);
    // Without its type check, which takes kernels to be square and ignores groups.
    const int code = run_python(
        "g = nir.read(sys.argv[1], type_check=False)\n"
        "assert len(g.nodes) == 18 and len(g.edges) == 17\n"
        "assert g.nodes[\"same\"].padding == \"same\" and g.nodes[\"same\"].groups == 2\n"
        "assert g.nodes[\"lif\"].tau.shape == (5,) and g.nodes[\"lif\"].tau[0] == 0.625\n"
        "assert g.nodes[\"if\"].v_reset.shape == (4, 8, 8) and g.nodes[\"if\"].v_reset[0, 0, 0] == 0.875\n"
        "assert list(g.nodes[\"delay\"].delay) == [0.001, 0, 0.002, 0.003, 0.25]\n"
        "assert tuple(g.nodes[\"strided\"].padding) == (1, 2)\n",
        {file});
    if (code == kNoPackage) {
        GTEST_SKIP() << "needs the Python package nir (pip install nir; AXFIRE_PYTHON names the interpreter)";
    }
    EXPECT_EQ(code, 0);
}

TEST(NirWriter, WhatNirCannotExpressIsRefused) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "no.nir";
    const auto refusal = [&](const std::string& name, NodeKind kind) {
        Network network = everything();
        network.nodes[NetworkBuilder{network}.find(name)].kind = std::move(kind);
        return input_error([&] { write_nir(network, file); });
    };
    const auto changed = [](const char* name, const char* parameter, double value) {
        nodes::Neuron neuron = node_of<nodes::Neuron>(everything(), name);
        neuron.parameters[parameter] = {value};
        return neuron;
    };
    expect_message(refusal("lif", changed("lif", "t_ref", 0.002)), {"'lif'", "t_ref", "model file (.h5)"});
    expect_message(refusal("lif", changed("lif", "v_init", 0)), {"'lif'", "v_init"});
    expect_message(refusal("if", changed("if", "v_init", 0.5)), {"'if'", "v_init"});
    EXPECT_EQ(refusal("lif", changed("lif", "t_ref", 0)), "");
    std::filesystem::remove(file);
    EXPECT_EQ(refusal("lif", changed("lif", "v_init", 0.875)), "");  // the value of v_leak: the default
    std::filesystem::remove(file);
    nodes::Pool2d pool;
    pool.pad_begin = {1, 0};
    expect_message(refusal("sum", pool), {"'sum'", "padding"});
    pool.pad_begin = pool.pad_end = {0, 0};
    EXPECT_EQ(refusal("sum", pool), "");
    expect_message(refusal("sum", pool), {"no.nir", "exists already"});
    nodes::Neuron reshaping = node_of<nodes::Neuron>(everything(), "cubalif");
    reshaping.shape = {3, 1};
    expect_message(refusal("cubalif", reshaping), {"'cubalif'", "the shape 3x1 for an input of 3"});
    nodes::Linear bad = node_of<nodes::Linear>(everything(), "fc");
    bad.weight.data[3] = std::numeric_limits<float>::infinity();
    std::filesystem::remove(file);
    expect_message(refusal("fc", bad), {"'fc'", "inf"});
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(NirWriter, LayersOfConventionalNetworksAreRefused) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "no.nir";
    const auto refusal = [&](NodeKind kind, const Shape& shape) {
        NetworkBuilder b;
        b.add("input", nodes::Input{shape}).add("layer", std::move(kind)).add("output", nodes::Output{});
        b.chain({"input", "layer", "output"});
        return input_error([&] { write_nir(b.network, file); });
    };
    const Tensor four = tensor({4});
    const std::pair<const char*, NodeKind> kinds[] = {{"reshape", nodes::Reshape{{2, 2, 1}}},
                                                      {"rearrange", nodes::Rearrange{{4, 1, 1}, {3, 2, 1, 0}, 0}},
                                                      {"concat", nodes::Concat{0, {"input", "input"}}},
                                                      {"multiply", nodes::Multiply{{"input", "input"}}},
                                                      {"bias", nodes::Bias{tensor({4, 1, 1})}},
                                                      {"batchnorm", nodes::BatchNorm{four, four, four, four}},
                                                      {"lrn", nodes::Lrn{}},
                                                      {"softmax", nodes::Softmax{}},
                                                      {"scale", nodes::Scale{tensor({4, 1, 1}), true}}};
    for (const auto& [type, kind] : kinds) {
        expect_message(refusal(kind, {4, 1, 1}), {std::string("'layer' (") + type + ")", "NIR", "model file (.h5)"});
    }
    for (const char* model : {"relu", "clip", "leaky_relu", "hard_sigmoid", "hard_swish", "qcfs", "identity", "negate",
                              "sigmoid", "tanh"}) {
        expect_message(refusal(nodes::Neuron{model, {4}, {}}, {4}),
                       {std::string("'layer' (") + model + ")", "NIR", "model file (.h5)"});
    }
    nodes::Pool2d pool;
    pool.kind = nodes::Pool2d::Kind::maximum;
    expect_message(refusal(pool, {1, 4, 4}), {"'layer' (maxpool2d)", "NIR", "model file (.h5)"});
    for (const auto kind : {nodes::Pool2d::Kind::sum, nodes::Pool2d::Kind::average}) {
        pool = {};
        pool.kind = kind;
        pool.extra_end = {1, 0};
        expect_message(refusal(pool, {1, 4, 4}), {"'layer'", "NIR", "model file (.h5)"});
        pool.extra_end = {0, 0};
        pool.dilation = {1, 2};
        expect_message(refusal(pool, {1, 4, 4}), {"'layer'", "NIR", "model file (.h5)"});
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace axfire
