// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/model_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "engine/formats/hdf5.h"
#include "engine/formats/load_network.h"
#include "engine/formats/nir_reader.h"
#include "engine/formats/nir_writer.h"
#include "tests/datasets/support.h"
#include "tests/support/networks.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::input_error;
using testing::NetworkBuilder;
using testing::TemporaryFolder;
using testing::tensor;

/// Random finite values: subnormals, negative zeros and the largest among them.
Tensor random_tensor(Shape shape, std::mt19937_64& random) {
    Tensor result = tensor(std::move(shape));
    for (float& value : result.data) {
        do {
            const auto bits = static_cast<std::uint32_t>(random());
            std::memcpy(&value, &bits, sizeof value);
        } while (!std::isfinite(value));
    }
    if (result.data.size() > 1) {
        result.data[0] = -0.0F;
        result.data[1] = std::numeric_limits<float>::denorm_min();
    }
    return result;
}

/// Every node type and every field away from its default; nodes in no particular order.
Network everything(std::mt19937_64& random) {
    NetworkBuilder b;
    nodes::Conv2d conv;
    conv.weight = random_tensor({6, 2, 3, 4}, random);
    conv.bias = random_tensor({6}, random);
    conv.stride = {2, 1};
    conv.pad_begin = {1, 2};
    conv.pad_end = {3, 0};
    conv.dilation = {1, 2};
    conv.groups = 3;
    nodes::Conv2d same = testing::conv2d(1, 6, 2);
    same.pad_same = true;
    same.pad_end = {1, 1};
    nodes::Pool2d average{nodes::Pool2d::Kind::average, {3, 2}, {2, 1}, {1, 0}, {0, 1}, false};
    b.add("out", nodes::Output{}).add("z conv", conv).add("in", nodes::Input{{6, 9, 9}}).add("same", same);
    b.add("average", average).add("sum", nodes::Pool2d{}).add("flat", nodes::Flatten{-3, 2});
    b.add("scale", nodes::Scale{random_tensor({1}, random)}).add("0", nodes::Linear{random_tensor({5, 2}, random), {}});
    b.add("affine", nodes::Linear{random_tensor({5, 5}, random), random_tensor({5}, random)});
    b.add("lif", nodes::Neuron{"lif",
                               {},
                               {{"tau_mem", {0.1, 0.2, 0.3, 1.0 / 3, 5e-324}},
                                {"v_threshold", {1}},
                                {"t_ref", {0.002}},
                                {"v_leak", {-0.0}},
                                {"v_init", {-70}}}});
    b.add("threshold", nodes::Threshold{random_tensor({5}, random)});
    b.add("delay", nodes::Delay{{5}, {0.001, 0, 1e-9, 0.25, 3}})
        .add("li", nodes::Neuron{"li", {5}, {{"tau_mem", {0.02}}}});
    b.chain({"in", "z conv", "sum", "same", "average", "flat", "scale", "0", "lif", "affine", "li", "threshold",
             "delay", "out"});
    b.edge("lif", "lif").edge("delay", "li").edge("0", "li");
    std::reverse(b.network.edges.begin(), b.network.edges.end());
    b.network.conventions = {0.1,
                             Reset::subtract,
                             Integrate::exponential,
                             Fire::ge,
                             InputGain::continuous,
                             CubaOrder::new_current,
                             DecayGain::ratio};
    b.network.provenance = "made by a test; \xce\xb1\xce\xb2\xce\xb3";
    return b.network;
}

/// Every layer of conventional networks and every field away from its default.
Network conventional(std::mt19937_64& random) {
    NetworkBuilder b;
    nodes::Pool2d largest;
    largest.kind = nodes::Pool2d::Kind::maximum;
    largest.kernel = {3, 2};
    largest.stride = {2, 1};
    largest.pad_begin = {1, 0};
    largest.pad_end = {0, 1};
    largest.extra_end = {1, 0};
    largest.dilation = {1, 2};
    nodes::Pool2d average = largest;
    average.kind = nodes::Pool2d::Kind::average;
    average.extra_end = {2, 1};
    average.count_include_pad = false;
    nodes::Pool2d sum = largest;
    sum.kind = nodes::Pool2d::Kind::sum;
    nodes::BatchNorm norm{random_tensor({4}, random), random_tensor({4}, random), random_tensor({4}, random),
                          tensor({4}, 0x1.fp-149F), 0.1};
    b.add("in", nodes::Input{{4, 6, 6}}).add("bn", norm).add("largest", largest).add("average", average);
    b.add("relu", nodes::Neuron{"relu", {}, {}})
        .add("leaky", nodes::Neuron{"leaky_relu", {4, 6, 6}, {{"alpha", {-0.1}}}});
    b.add("clip", nodes::Neuron{"clip", {}, {{"low", {-1.0 / 3}}, {"high", std::vector<double>(144, 2.5)}}});
    b.add("hs", nodes::Neuron{"hard_sigmoid", {}, {{"alpha", {0.1}}, {"beta", {-0.25}}}});
    b.add("qcfs", nodes::Neuron{"qcfs", {}, {{"theta", {0.7}}, {"levels", {6}}}});
    for (const char* model : {"hard_swish", "identity", "negate", "sigmoid", "tanh"}) {
        b.add(model, nodes::Neuron{model, {}, {}});
    }
    b.chain({"in", "bn", "relu", "leaky", "clip", "hs", "qcfs", "hard_swish", "identity", "negate", "sigmoid", "tanh"});
    b.add("one behind the other", nodes::Concat{-2, {"tanh", "qcfs", "tanh", "in"}});
    b.edge("in", "one behind the other").edge("qcfs", "one behind the other").edge("tanh", "one behind the other");
    b.add("sum", sum).add("lrn", nodes::Lrn{3, 1.0 / 3, -0.3, 2.5}).add("softmax", nodes::Softmax{-3});
    b.chain({"one behind the other", "sum", "largest", "average", "lrn", "softmax"});
    nodes::Rearrange rearrange{{3, 2, 5}, {}, -0.3F};
    for (std::uint32_t i = 0; i < 30; ++i) {
        rearrange.source.push_back(i % 7 == 3 ? nodes::Rearrange::kFill : (i * 5) % 16);
    }
    b.add("rearrange", rearrange).add("attention", nodes::Multiply{{"reshape", "mask"}});
    b.add("reshape", nodes::Reshape{{5, 1, 6}}).add("mask", nodes::Rearrange{{5, 1, 1}, {4, 3, 2, 1, 0}, 0});
    b.chain({"softmax", "rearrange", "reshape", "attention"}).chain({"rearrange", "mask", "attention"});
    b.add("divide", nodes::Scale{random_tensor({30}, random), true})
        .add("bias", nodes::Bias{random_tensor({1}, random)});
    for (float& x : std::get<nodes::Scale>(b.network.nodes[b.find("divide")].kind).scale.data) {
        x = x == 0 ? 3 : x;
    }
    b.add("out", nodes::Output{}).chain({"attention", "divide", "bias", "out"});
    std::reverse(b.network.edges.begin(), b.network.edges.end());
    return b.network;
}

TEST(ModelFile, WhatIsWrittenIsReadBackExactly) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    for (int round = 0; round < 10; ++round) {
        const Network network = round % 2 == 0 ? everything(random) : conventional(random);
        const auto file = folder.path() / ("model" + std::to_string(round) + ".h5");
        write_model(network, file);
        testing::expect_same(read_model(file), network);
        testing::expect_same(load_network(file), network);
    }
}

TEST(ModelFile, ConventionsHaveTheirOwnWords) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    Network network = everything(random);
    for (int bits = 0; bits < 64; ++bits) {
        network.conventions.reset = (bits & 1) != 0 ? Reset::subtract : Reset::zero;
        network.conventions.integrate = (bits & 2) != 0 ? Integrate::exponential : Integrate::euler;
        network.conventions.fire = (bits & 4) != 0 ? Fire::ge : Fire::gt;
        network.conventions.input_gain = (bits & 8) != 0 ? InputGain::continuous : InputGain::step;
        network.conventions.cuba_order = (bits & 16) != 0 ? CubaOrder::new_current : CubaOrder::old_current;
        network.conventions.decay_gain = (bits & 32) != 0 ? DecayGain::ratio : DecayGain::complement;
        write_model(network, folder.path() / "m.h5", true);
        ASSERT_EQ(parse_model(folder.path() / "m.h5").conventions, network.conventions);
    }
}

TEST(ModelFile, EqualNetworksGiveEqualFiles) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    for (const Network& network : {everything(random), conventional(random)}) {
        write_model(network, folder.path() / "a.h5", true);
        write_model(network, folder.path() / "b.h5", true);
        write_model(read_model(folder.path() / "a.h5"), folder.path() / "c.h5", true);
        EXPECT_EQ(testing::read_bytes(folder.path() / "a.h5"), testing::read_bytes(folder.path() / "b.h5"));
        EXPECT_EQ(testing::read_bytes(folder.path() / "a.h5"), testing::read_bytes(folder.path() / "c.h5"));
    }
}

TEST(ModelFile, AnExistingFileIsKeptUnlessOverwritten) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const auto file = folder.write("model.h5", {1, 2, 3});
    const Network network = everything(random);
    expect_message(input_error([&] { write_model(network, file); }), {"model.h5", "exists already"});
    EXPECT_EQ(testing::read_bytes(file), (testing::Bytes{1, 2, 3}));
    write_model(network, file, true);
    testing::expect_same(read_model(file), network);
    expect_message(input_error([&] { write_model(network, folder.path(), true); }), {"not a regular file"});
    expect_message(input_error([&] { write_model(network, folder.path() / "none" / "m.h5"); }), {"cannot be created"});
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);  // nothing temporary is left
}

TEST(ModelFile, InvalidNetworksAreNotWritten) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const auto file = folder.path() / "m.h5";
    Network network = everything(random);
    std::get<nodes::Linear>(network.nodes[NetworkBuilder{network}.find("0")].kind).weight.data[2] = NAN;
    expect_message(input_error([&] { write_model(network, file); }), {"the node '0' (linear)", "nan"});
    network = everything(random);
    network.conventions.dt_ms = 0;
    expect_message(input_error([&] { write_model(network, file); }), {"time step is 0 ms"});
    network = everything(random);
    network.edges.clear();
    expect_message(input_error([&] { write_model(network, file); }), {"no edge leads to it"});
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ModelFile, DamagedFilesAreRefusedWithThePath) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const auto file = folder.path() / "m.h5";
    const auto refusal = [&](const std::function<void(hid_t)>& change) {
        write_model(everything(random), file, true);
        {
            const Hdf5Lock lock;
            const Hdf5Handle handle = hdf5::open_file(file, true);
            change(handle);
        }
        return input_error([&] { read_model(file); });
    };
    const auto attribute = [](const char* path, const char* name, auto value) {
        return [=](hid_t f) { hdf5::write_attribute(hdf5::open_group(f, path), name, value); };
    };
    const auto remove = [](const char* path) { return [=](hid_t f) { H5Ldelete(f, path, H5P_DEFAULT); }; };
    expect_message(refusal(attribute("/", "version", std::int32_t{2})), {"m.h5", "version 2", "reads version 1"});
    expect_message(refusal(attribute("/", "version", "1")), {"'version'"});
    expect_message(refusal(attribute("/", "format", "other")), {"not a model file"});
    expect_message(refusal([](hid_t f) { H5Adelete(f, "format"); }), {"not a model file"});
    expect_message(refusal(attribute("/conventions", "reset", "hard")), {"'reset' is 'hard'", "zero, subtract"});
    expect_message(refusal(attribute("/conventions", "dt_ms", -1.0)), {"'dt_ms'"});
    expect_message(refusal(attribute("/nodes/lif", "type", "izhikevich")), {"/nodes/lif", "izhikevich"});
    expect_message(refusal(attribute("/nodes/lif", "index", std::uint64_t{99})), {"/nodes/lif", "index 99"});
    expect_message(refusal(attribute("/nodes/lif", "index", std::uint64_t{0})), {"index 0"});
    expect_message(refusal(attribute("/nodes/in", "shape", std::vector<std::int64_t>{-1, 9, 9})), {"/nodes/in", "-1"});
    expect_message(refusal(attribute("/nodes/z conv", "groups", 1.5)), {"/nodes/z conv", "'groups'", "integers"});
    expect_message(refusal(remove("/edges")), {"/edges", "is missing"});
    expect_message(refusal(remove("/nodes/0/weight")), {"/nodes/0/weight", "is missing"});
    expect_message(refusal(remove("/nodes/affine/bias")), {"/nodes/affine/bias", "is missing"});
    expect_message(refusal(remove("/nodes/lif/parameters")), {"/nodes/lif/parameters", "is missing"});
    expect_message(refusal(remove("/nodes")), {"/nodes", "is missing"});
}

TEST(ModelFile, DamagedLayersOfConventionalNetworksAreRefusedWithThePath) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const auto file = folder.path() / "m.h5";
    const Network network = conventional(random);
    const auto changed = [&](const std::function<void(hid_t)>& change) {
        write_model(network, file, true);
        const Hdf5Lock lock;
        const Hdf5Handle handle = hdf5::open_file(file, true);
        change(handle);
    };
    const auto refusal = [&](const std::function<void(hid_t)>& change) {
        changed(change);
        return input_error([&] { read_model(file); });
    };
    const auto attribute = [](const char* path, const char* name, auto value) {
        return [=](hid_t f) { hdf5::write_attribute(hdf5::open_group(f, path), name, value); };
    };
    const auto without = [](const char* path, const char* name) {
        return [=](hid_t f) { H5Adelete(hdf5::open_group(f, path), name); };
    };
    const auto remove = [](const char* path) { return [=](hid_t f) { H5Ldelete(f, path, H5P_DEFAULT); }; };
    expect_message(refusal(remove("/nodes/one behind the other/inputs")),
                   {"one behind the other/inputs", "is missing"});
    expect_message(refusal(remove("/nodes/attention/inputs")), {"/nodes/attention/inputs", "is missing"});
    expect_message(refusal(remove("/nodes/rearrange/source")), {"/nodes/rearrange/source", "is missing"});
    expect_message(refusal(remove("/nodes/bias/bias")), {"/nodes/bias/bias", "is missing"});
    for (const char* tensor : {"gamma", "beta", "mean", "variance"}) {
        const std::string path = std::string("/nodes/bn/") + tensor;
        expect_message(refusal(remove(path.c_str())), {path, "is missing"});
    }
    const std::pair<const char*, const char*> required[] = {{"/nodes/one behind the other", "axis"},
                                                            {"/nodes/rearrange", "shape"},
                                                            {"/nodes/rearrange", "fill"},
                                                            {"/nodes/reshape", "shape"},
                                                            {"/nodes/bn", "epsilon"},
                                                            {"/nodes/lrn", "size"},
                                                            {"/nodes/lrn", "alpha"},
                                                            {"/nodes/lrn", "beta"},
                                                            {"/nodes/lrn", "bias"},
                                                            {"/nodes/softmax", "axis"}};
    for (const auto& [path, name] : required) {
        expect_message(refusal(without(path, name)), {path, std::string("'") + name + "'"});
    }
    expect_message(refusal(attribute("/nodes/softmax", "axis", 1.5)), {"/nodes/softmax", "'axis'"});
    const auto unfit = [&](const std::function<void(hid_t)>& change) {
        changed(change);
        return input_error([&] { load_network(file); });
    };
    expect_message(unfit(attribute("/nodes/softmax", "axis", std::int32_t{3})), {"'softmax'", "3"});
    expect_message(unfit(attribute("/nodes/lrn", "size", std::uint64_t{0})), {"'lrn'", "size 0"});
    expect_message(unfit(attribute("/nodes/bn", "epsilon", -1.0)), {"'bn'", "epsilon -1"});
    expect_message(unfit(attribute("/nodes/reshape", "shape", std::vector<std::int64_t>{5, 5})), {"'reshape'", "5x5"});

    // What may be missing has a default.
    changed([&](hid_t f) {
        without("/nodes/largest", "extra_end")(f);
        without("/nodes/largest", "dilation")(f);
        without("/nodes/divide", "divide")(f);
    });
    const Network older = parse_model(file);
    EXPECT_EQ(testing::node_of<nodes::Pool2d>(older, "largest").extra_end, (std::array<std::size_t, 2>{0, 0}));
    EXPECT_EQ(testing::node_of<nodes::Pool2d>(older, "largest").dilation, (std::array<std::size_t, 2>{1, 1}));
    EXPECT_FALSE(testing::node_of<nodes::Scale>(older, "divide").divide);
}

TEST(LoadNetwork, TellsFilesApartByContentAndAppliesOverrides) {
    const TemporaryFolder folder;
    NetworkBuilder b;
    b.add("in", nodes::Input{{4}}).add("fc", testing::linear(3, 4)).add("if", testing::if_neurons({3}));
    b.add("out", nodes::Output{}).chain({"in", "fc", "if", "out"});
    b.network.conventions.dt_ms = 0.25;
    b.network.conventions.fire = Fire::ge;
    write_model(b.network, folder.path() / "model.nir");  // extensions lie
    write_nir(b.network, folder.path() / "nir.h5");
    EXPECT_EQ(load_network(folder.path() / "model.nir").conventions, b.network.conventions);
    EXPECT_EQ(load_network(folder.path() / "nir.h5").conventions, Conventions{});
    ConventionOverrides overrides;
    overrides.dt_ms = 2.0;
    overrides.reset = Reset::subtract;
    Conventions expected = b.network.conventions;
    expected.dt_ms = 2.0;
    expected.reset = Reset::subtract;
    EXPECT_EQ(load_network(folder.path() / "model.nir", overrides).conventions, expected);
    expected.fire = Fire::gt;
    EXPECT_EQ(load_network(folder.path() / "nir.h5", overrides).conventions, expected);
    overrides.dt_ms = 0.0;
    expect_message(input_error([&] { load_network(folder.path() / "nir.h5", overrides); }), {"time step is 0 ms"});
}

TEST(LoadNetwork, ARealNetworkSurvivesTheModelFile) {
    AXFIRE_NEEDS_REAL_DATA();
    const TemporaryFolder folder;
    for (const char* name : {"cnn_sinabs.nir", "braille_noDelay_bias_zero.nir"}) {
        const Network network = read_nir(std::filesystem::path(testing::real_data()) / "nir" / name);
        const auto file = folder.path() / (std::string(name) + ".h5");
        write_model(network, file);
        testing::expect_same(read_model(file), network);
    }
}

TEST(LoadNetwork, OneNeuronOfNorse) {
    AXFIRE_NEEDS_REAL_DATA();
    NirOptions options;
    options.conventions.dt_ms = 0.1;
    options.conventions.reset = Reset::subtract;
    const Network network = read_nir(std::filesystem::path(testing::real_data()) / "nir/lif/lif_norse.nir", options);
    EXPECT_EQ(network.conventions, options.conventions);
    const auto& lif = testing::node_of<nodes::Neuron>(network, "1");
    EXPECT_EQ(lif.model, "lif");
    EXPECT_EQ(lif.parameters.at("tau_mem"), std::vector<double>{static_cast<double>(0.0025F)});
    EXPECT_EQ(lif.parameters.at("v_threshold"), std::vector<double>{static_cast<double>(0.1F)});
}

}  // namespace
}  // namespace axfire
