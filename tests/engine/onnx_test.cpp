// SPDX-License-Identifier: Apache-2.0
// ONNX models, imported and run, beside a slow evaluation of the graph.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "arith/error.h"
#include "engine/formats/load_network.h"
#include "engine/formats/model_file.h"
#include "engine/formats/onnx/reader.h"
#include "engine/network/simplify.h"
#include "tests/engine/networks.h"
#include "tests/oracle/onnx/evaluate.h"
#include "tests/support/networks.h"
#include "tests/support/onnx_models.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_folder.h"

namespace axfire {
namespace {

using test::constant_input;
using testing::TemporaryFolder;

void write(const onnx::ModelProto& model, const std::filesystem::path& file) {
    std::ofstream out(file, std::ios::binary);
    ASSERT_TRUE(model.SerializeToOstream(&out));
}

std::vector<float> run(const Network& network, std::vector<float> values) {
    SimulationOptions options;
    options.input_events = false;
    const Simulation simulation(network, options);
    Simulation::Workspace workspace(simulation);
    return simulation.run(constant_input(std::move(values), 1), {}, workspace).readout;
}

/// Largest difference over the largest value.
double relative_difference(const std::vector<float>& found, const std::vector<double>& expected) {
    double most = 0;
    double difference = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        most = std::max(most, std::abs(expected[i]));
        difference = std::max(difference, std::abs(expected[i] - static_cast<double>(found.at(i))));
    }
    return found.size() == expected.size() ? difference / std::max(most, 1e-3) : INFINITY;
}

std::uint64_t first_seed() {
    return testing::test_random()();
}

TEST(Onnx, RandomNetworksAgreeWithTheGraph) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "m.onnx";
    double worst = 0;
    for (std::size_t round = 0; round < testing::samples(400); ++round) {
        const std::uint64_t seed = first_seed() + round;
        SCOPED_TRACE("network " + std::to_string(seed));
        const onnx::ModelProto model = testing::random_network(seed);
        write(model, file);
        testing::OnnxDims dims = testing::input_dims(model, 1);
        dims[0] = 1;
        const std::vector<float> pixels = testing::random_pixels(dims, seed);
        const bool fixed_batch = testing::input_dims(model, -1)[0] > 1;
        oracle::onnx_graph::Array input{testing::input_dims(model, 1), {pixels.begin(), pixels.end()}, false};
        for (std::int64_t copy = 1; fixed_batch && copy < input.dims[0]; ++copy) {  // the same sample again
            input.values.insert(input.values.end(), pixels.begin(), pixels.end());
        }
        const auto outputs = oracle::onnx_graph::evaluate(model, {{model.graph().input(0).name(), input}});
        std::vector<double> expected = outputs.begin()->second.values;
        if (fixed_batch) {
            expected.resize(expected.size() / static_cast<std::size_t>(input.dims[0]));
        }
        Network network = parse_onnx(file);
        const double unfolded = relative_difference(run(network, pixels), expected);
        EXPECT_LT(unfolded, 1e-4);
        write_model(network, folder.path() / "m.h5", true);
        testing::expect_same(read_model(folder.path() / "m.h5"), network);
        fold_batch_norm(network);
        const double folded = relative_difference(run(network, pixels), expected);
        EXPECT_LT(folded, 1e-4);
        worst = std::max({worst, folded, unfolded});
        if (::testing::Test::HasFailure()) {
            break;
        }
    }
    std::printf("[  worst   ] %.2g of the largest output\n", worst);
}

/// A model of one operator: its attributes and constant inputs are the test's.
struct OneNode {
    onnx::ModelProto model;
    onnx::NodeProto& node;

    OneNode(const std::string& type, std::int64_t opset, const std::vector<std::int64_t>& dims)
        : node(*model.mutable_graph()->add_node()) {
        model.set_ir_version(6);
        model.add_opset_import()->set_version(opset);
        auto* input = model.mutable_graph()->add_input();
        input->set_name("x");
        auto* tensor = input->mutable_type()->mutable_tensor_type();
        tensor->set_elem_type(onnx::TensorProto::FLOAT);
        for (const std::int64_t d : dims) {
            auto* dim = tensor->mutable_shape()->add_dim();
            d > 0 ? dim->set_dim_value(d) : dim->set_dim_param("N");
        }
        model.mutable_graph()->add_output()->set_name("y");
        node.set_op_type(type);
        node.set_name("the/node");
        node.add_input("x");
        node.add_output("y");
    }

    OneNode& constant(const std::string& name, const std::vector<std::int64_t>& dims,
                      const std::vector<float>& values) {
        auto* tensor = model.mutable_graph()->add_initializer();
        tensor->set_name(name);
        tensor->set_data_type(onnx::TensorProto::FLOAT);
        for (const std::int64_t d : dims) {
            tensor->add_dims(d);
        }
        for (const float v : values) {
            tensor->add_float_data(v);
        }
        node.add_input(name);
        return *this;
    }

    std::string error(const TemporaryFolder& folder) const {
        const auto file = folder.path() / "one.onnx";
        write(model, file);
        try {
            parse_onnx(file);
        } catch (const InputError& e) {
            EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
            return e.what();
        }
        return "";
    }
};

TEST(Onnx, WhatIsNotSupportedIsNamedAllAtOnce) {
    const TemporaryFolder folder;
    OneNode m("Einsum", 12, {-1, 3});
    m.node.set_output(0, "h");
    auto* second = m.model.mutable_graph()->add_node();
    second->set_op_type("NonZero");
    second->add_input("h");
    second->add_output("k");
    auto* third = m.model.mutable_graph()->add_node();
    third->set_op_type("Einsum");
    third->set_name("other");
    third->add_input("k");
    third->add_output("y");
    const std::string text = m.error(folder);
    EXPECT_NE(text.find("Einsum ('the/node', 'other')"), std::string::npos) << text;
    EXPECT_NE(text.find("NonZero ('NonZero.k')"), std::string::npos) << text;
}

TEST(Onnx, MalformedModelsSayWhatIsWrong) {
    const TemporaryFolder folder;
    const auto expect = [&](const OneNode& m, const std::string& part) {
        const std::string text = m.error(folder);
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    expect(OneNode("Relu", 8, {-1, 3}), "has the opset 8; 9 to 20 are supported");
    expect(OneNode("Relu", 21, {-1, 3}), "has the opset 21");
    expect(OneNode("Relu", 11, {-1, -1}), "has an axis without a fixed extent");
    expect(OneNode("Relu", 11, {-1, 1 << 20, 1 << 20, 1 << 20}), "more than");
    expect(OneNode("Conv", 11, {-1, 3, 8, 8}), "Conv 'the/node': its input 1 is missing");
    expect(OneNode("Conv", 11, {-1, 3, 8, 8}).constant("w", {4, 2, 3, 3}, std::vector<float>(72)),
           "does not fit its input");
    expect(OneNode("Conv", 11, {-1, 3, 8, 8}).constant("w", {4, 3, 3, 3}, std::vector<float>(72)),
           "the tensor 'w': has 72 values for 108 elements");
    expect(OneNode("Conv", 11, {-1, 3, 2, 2}).constant("w", {1, 3, 3, 3}, std::vector<float>(27)),
           "its kernel spans 3");
    expect(OneNode("Conv", 11, {-1, 3, 8, 8}).constant("w", {1 << 30, 1 << 30, 1 << 30, 1 << 30}, {}), "more than");
    expect(OneNode("Gemm", 11, {-1, 3}).constant("w", {4, 2}, std::vector<float>(8)), "its weight takes 4 values");
    expect(OneNode("Conv", 11, {-1, 3, 8, 8}).constant("w", {1, 3, 1, 1}, {1, NAN, 1}), "not finite");
    expect(OneNode("Div", 11, {-1, 3}).constant("c", {3}, {1, 0, 1}), "divides by 0");
    OneNode missing("Add", 11, {-1, 3});
    missing.node.add_input("nothing");
    expect(missing, "the tensor 'nothing' is used before any node or initialiser gives it");
    OneNode transpose("Transpose", 11, {-1, 3});
    auto* perm = transpose.node.add_attribute();
    perm->set_name("perm");
    perm->set_type(onnx::AttributeProto::INTS);
    perm->add_ints(1);
    perm->add_ints(0);
    expect(transpose, "axis 0, the batch");
    OneNode two("Relu", 11, {-1, 3});
    two.model.mutable_graph()->add_output()->set_name("x");
    expect(two, "has 2 outputs (y, x)");
}

TEST(Onnx, ExternalDataStaysInTheFolder) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "in");
    const std::vector<float> weight{1, 2, 3, 4, 5, 6};
    std::ofstream(folder.path() / "in" / "w.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(weight.data()), 24);
    std::ofstream(folder.path() / "far.bin", std::ios::binary).write(reinterpret_cast<const char*>(weight.data()), 24);
    std::filesystem::create_symlink(folder.path() / "far.bin", folder.path() / "in" / "link.bin");
    const auto model = [&](const std::string& location, const char* offset, const char* length) {
        OneNode m("Gemm", 11, {-1, 3});
        m.constant("w", {3, 2}, {});
        auto* tensor = m.model.mutable_graph()->mutable_initializer(0);
        tensor->set_data_location(onnx::TensorProto::EXTERNAL);
        for (const auto& [key, value] :
             {std::pair<std::string, std::string>{"location", location}, {"offset", offset}, {"length", length}}) {
            auto* entry = tensor->add_external_data();
            entry->set_key(key);
            entry->set_value(value);
        }
        return m.model;
    };
    const auto file = folder.path() / "in" / "m.onnx";
    const auto outcome = [&](const onnx::ModelProto& m) -> std::string {
        write(m, file);
        try {
            parse_onnx(file);
            return "";
        } catch (const InputError& e) {
            return e.what();
        }
    };
    EXPECT_EQ(outcome(model("w.bin", "0", "24")), "");
    EXPECT_EQ(run(parse_onnx(file), {1, 10, 100}), (std::vector<float>{531, 642}));
    EXPECT_NE(outcome(model("../far.bin", "0", "24")).find("must be in the model's folder"), std::string::npos);
    EXPECT_NE(outcome(model("link.bin", "0", "24")).find("must be in the model's folder"), std::string::npos);
    EXPECT_NE(outcome(model("/etc/passwd", "0", "24")).find("must be in the model's folder"), std::string::npos);
    EXPECT_NE(outcome(model("none.bin", "0", "24")).find("cannot be read"), std::string::npos);
    EXPECT_NE(outcome(model("w.bin", "8", "24")).find("it needs 24"), std::string::npos);
    EXPECT_NE(outcome(model("w.bin", "0", "12")).find("it needs 24"), std::string::npos);
    EXPECT_NE(outcome(model("w.bin", "-1", "24")).find("no number"), std::string::npos);
}

}  // namespace
}  // namespace axfire
