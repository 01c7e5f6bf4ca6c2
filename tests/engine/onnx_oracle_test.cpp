// SPDX-License-Identifier: Apache-2.0
// The ONNX oracle against values found by hand, and against itself on random networks.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "tests/oracle/onnx/evaluate.h"
#include "tests/support/onnx_models.h"

namespace axfire::testing {
namespace {

namespace graph = oracle::onnx_graph;
using graph::Array;
using graph::Dims;

Array real(const Dims& dims, const std::vector<double>& values) {
    return {dims, values, false};
}
Array list(const Dims& values) {
    return graph::integer_list(values);
}
Array scalar(double value) {
    return {{}, {value}, false};
}

/// 1, 2, 3 ...
Array counted(const Dims& dims) {
    Array out = graph::filled(dims);
    for (std::size_t i = 0; i < out.values.size(); ++i) {
        out.values[i] = static_cast<double>(i + 1);
    }
    return out;
}

/// One node; inputs without a value are left out.
std::vector<Array> apply_all(std::int64_t opset, const std::string& op, const std::vector<std::optional<Array>>& inputs,
                             const OnnxAttributes& attributes = {}, std::size_t outputs = 1) {
    OnnxBuilder b(opset);
    OnnxNames names;
    std::map<std::string, Array> feeds;
    for (const std::optional<Array>& input : inputs) {
        names.push_back(input ? "in" + std::to_string(names.size()) : "");
        if (input) {
            b.model.mutable_graph()->add_input()->set_name(names.back());
            feeds[names.back()] = *input;
        }
    }
    const OnnxNames made = b.nodes(op, names, attributes, outputs);
    for (const std::string& name : made) {
        b.output(name, {});
    }
    const std::map<std::string, Array> values = graph::evaluate(b.model, feeds);
    std::vector<Array> out;
    for (const std::string& name : made) {
        out.push_back(values.at(name));
    }
    return out;
}

Array apply(std::int64_t opset, const std::string& op, const std::vector<std::optional<Array>>& inputs,
            const OnnxAttributes& attributes = {}) {
    return apply_all(opset, op, inputs, attributes)[0];
}

void expect_array(const Array& found, const Dims& dims, const std::vector<double>& values) {
    EXPECT_EQ(found.dims, dims);
    ASSERT_EQ(found.values.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_NEAR(found.values[i], values[i], 1e-12) << "element " << i;
    }
}

TEST(OnnxOracle, ConvolutionStridesPadsDilatesAndGroups) {
    const Array x = counted({1, 1, 3, 3});
    const Array w = real({1, 1, 2, 2}, {1, 10, 100, 1000});
    expect_array(apply(11, "Conv", {x, w}), {1, 1, 2, 2}, {5421, 6532, 8754, 9865});
    expect_array(apply(11, "Conv", {x, w}, {{"dilations", Dims{2, 2}}}), {1, 1, 1, 1}, {9731});
    expect_array(apply(11, "Conv", {x, w}, {{"strides", Dims{2, 2}}, {"pads", Dims{1, 0, 0, 1}}}), {1, 1, 2, 2},
                 {2100, 300, 8754, 906});
    expect_array(apply(11, "Conv", {x, w}, {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Dims{2, 2}}}),
                 {1, 1, 2, 2}, {5421, 603, 87, 9});
    expect_array(apply(11, "Conv", {x, w}, {{"auto_pad", std::string("SAME_LOWER")}, {"strides", Dims{2, 2}}}),
                 {1, 1, 2, 2}, {1000, 3200, 7040, 9865});
    const Array grouped =
        apply(11, "Conv", {counted({1, 2, 1, 2}), real({4, 1, 1, 1}, {1, 2, 3, 4}), real({4}, {1, 0, 0, 9})},
              {{"group", 2}, {"kernel_shape", Dims{1, 1}}});
    expect_array(grouped, {1, 4, 1, 2}, {2, 3, 2, 4, 9, 12, 21, 25});
}

TEST(OnnxOracle, CeilModeCountsNothingBeyondThePadding) {
    const auto row = [](const std::string& op, std::int64_t extent, std::int64_t kernel, std::int64_t stride,
                        std::int64_t pad, bool with_padding) {
        OnnxAttributes attributes{{"kernel_shape", Dims{1, kernel}},
                                  {"strides", Dims{1, stride}},
                                  {"pads", Dims{0, pad, 0, pad}},
                                  {"ceil_mode", 1}};
        if (op == "AveragePool") {
            attributes.emplace_back("count_include_pad", with_padding ? 1 : 0);
        }
        return apply(11, op, {counted({1, 1, 1, extent})}, attributes);
    };
    expect_array(row("AveragePool", 5, 2, 2, 0, true), {1, 1, 1, 3}, {1.5, 3.5, 5});
    expect_array(row("AveragePool", 4, 3, 2, 1, true), {1, 1, 1, 3}, {1, 3, 2});
    expect_array(row("AveragePool", 4, 3, 2, 1, false), {1, 1, 1, 3}, {1.5, 3, 4});
    expect_array(row("MaxPool", 4, 3, 2, 1, false), {1, 1, 1, 3}, {2, 4, 4});
    expect_array(row("MaxPool", 3, 2, 3, 0, false), {1, 1, 1, 1}, {2});  // another window would start outside
    expect_array(row("MaxPool", 3, 2, 2, 1, false), {1, 1, 1, 2}, {1, 3});
    expect_array(row("MaxPool", 2, 3, 2, 0, false), {1, 1, 1, 1}, {2});
    EXPECT_THROW(apply(9, "MaxPool", {counted({1, 1, 2, 2})}, {{"kernel_shape", Dims{2, 2}}, {"ceil_mode", 1}}),
                 std::runtime_error);  // an attribute of opset 10
}

TEST(OnnxOracle, GlobalPoolsAndReductions) {
    const Array x = counted({1, 2, 2, 2});
    expect_array(apply(11, "GlobalAveragePool", {x}), {1, 2, 1, 1}, {2.5, 6.5});
    expect_array(apply(11, "GlobalMaxPool", {x}), {1, 2, 1, 1}, {4, 8});
    expect_array(apply(17, "ReduceMean", {x}, {{"axes", Dims{2, -1}}, {"keepdims", 0}}), {1, 2}, {2.5, 6.5});
    expect_array(apply(18, "ReduceMean", {x, list({1})}), {1, 1, 2, 2}, {3, 4, 5, 6});
    expect_array(apply(12, "ReduceSum", {x}), {1, 1, 1, 1}, {36});
    expect_array(apply(13, "ReduceSum", {x, list({})}, {{"noop_with_empty_axes", 1}}), x.dims, x.values);
    EXPECT_THROW(apply(18, "ReduceMean", {x}, {{"axes", Dims{1}}}), std::runtime_error);
}

TEST(OnnxOracle, Products) {
    const Array a = counted({2, 2});
    const Array b = real({2, 2}, {5, 6, 7, 8});
    expect_array(apply(11, "Gemm", {a, b}), {2, 2}, {19, 22, 43, 50});
    expect_array(apply(11, "Gemm", {a, b, real({2}, {1, 2})}, {{"transA", 1}, {"alpha", 0.5}, {"beta", 2.0}}), {2, 2},
                 {15, 19, 21, 26});
    expect_array(apply(11, "Gemm", {a, b, real({2, 1}, {1, 2})}, {{"transB", 1}}), {2, 2}, {18, 24, 41, 55});
    expect_array(apply(13, "MatMul", {real({2}, {1, 2}), b}), {2}, {19, 22});
    expect_array(apply(13, "MatMul", {a, real({2}, {1, 2})}), {2}, {5, 11});
    expect_array(apply(13, "MatMul", {counted({2, 1, 2}), b}), {2, 1, 2}, {19, 22, 43, 50});
    EXPECT_THROW(apply(9, "Gemm", {a, b}), std::runtime_error);  // C became optional in opset 11
}

TEST(OnnxOracle, Normalisations) {
    const Array x = real({1, 2, 1, 2}, {1, 2, 3, 4});
    expect_array(apply(15, "BatchNormalization",
                       {x, real({2}, {2, 3}), real({2}, {1, -1}), real({2}, {1, 2}), real({2}, {3.75, 0.75})},
                       {{"epsilon", 0.25}}),
                 x.dims, {1, 2, 2, 5});
    expect_array(apply(13, "LRN", {real({1, 3, 1, 1}, {1, 2, 3})}, {{"size", 3}, {"alpha", 3.0}, {"beta", 1.0}}),
                 {1, 3, 1, 1}, {1.0 / 6, 2.0 / 15, 3.0 / 14});
    const double two = std::log(2.0);
    const Array logits = real({1, 2, 2}, {0, two, two, 0});
    expect_array(apply(12, "Softmax", {logits}), {1, 2, 2}, {1.0 / 6, 2.0 / 6, 2.0 / 6, 1.0 / 6});
    expect_array(apply(13, "Softmax", {logits}), {1, 2, 2}, {1.0 / 3, 2.0 / 3, 2.0 / 3, 1.0 / 3});
    expect_array(apply(13, "Softmax", {real({2, 2}, {0, 0, 0, two})}, {{"axis", 0}}), {2, 2},
                 {0.5, 1.0 / 3, 0.5, 2.0 / 3});
}

TEST(OnnxOracle, ElementByElement) {
    const Array x = real({4}, {-4, -1, 1, 8});
    expect_array(apply(10, "Clip", {x}, {{"min", 0.0}, {"max", 6.0}}), {4}, {0, 0, 1, 6});
    expect_array(apply(11, "Clip", {x, std::nullopt, scalar(6)}), {4}, {-4, -1, 1, 6});
    expect_array(apply(13, "Clip", {x, scalar(3), scalar(1)}), {4}, {1, 1, 1, 1});
    expect_array(apply(13, "LeakyRelu", {x}, {{"alpha", 0.5}}), {4}, {-2, -0.5, 1, 8});
    expect_array(apply(13, "PRelu", {real({1, 2, 1, 1}, {-2, -2}), real({2, 1, 1}, {0.5, 2})}), {1, 2, 1, 1}, {-1, -4});
    expect_array(apply(14, "HardSwish", {x}), {4}, {0, -1.0 / 3, 2.0 / 3, 8});
    expect_array(apply(13, "HardSigmoid", {x}, {{"alpha", 0.25}}), {4}, {0, 0.25, 0.75, 1});
    expect_array(apply(13, "Div", {list({7, -7}), list({2})}), {2}, {3, -3});
    expect_array(apply(13, "Sub", {real({2, 1}, {1, 2}), real({1, 2}, {10, 20})}), {2, 2}, {-9, -19, -8, -18});
    expect_array(apply(13, "Sum", {x, x, scalar(1)}), {4}, {-7, -1, 3, 17});
    expect_array(apply(13, "Pow", {real({2}, {2, 3}), list({3})}), {2}, {8, 27});
    expect_array(apply(13, "Where", {apply(13, "Equal", {list({1, 2}), list({1})}), scalar(5), scalar(6)}), {2},
                 {5, 6});
    expect_array(apply(13, "Cast", {real({2}, {-1.75, 2.5})}, {{"to", 7}}), {2}, {-1, 2});
    EXPECT_THROW(apply(13, "HardSwish", {x}), std::runtime_error);
    EXPECT_THROW(apply(13, "Add", {x, list({1})}), std::runtime_error);  // a sum of two types
    const std::vector<Array> dropped = apply_all(12, "Dropout", {x, scalar(0.5)}, {}, 2);
    expect_array(dropped[0], x.dims, x.values);
    expect_array(dropped[1], {4}, {1, 1, 1, 1});
}

TEST(OnnxOracle, SlicesAndSplits) {
    const Array x = counted({6});
    expect_array(apply(9, "Slice", {x}, {{"starts", Dims{1}}, {"ends", Dims{-1}}}), {4}, {2, 3, 4, 5});
    expect_array(apply(13, "Slice", {x, list({-2}), list({INT64_MIN}), list({0}), list({-2})}), {3}, {5, 3, 1});
    expect_array(apply(13, "Slice", {x, list({1}), list({INT64_MAX}), std::nullopt, list({3})}), {2}, {2, 5});
    expect_array(apply(13, "Slice", {x, list({5}), list({-1}), list({0}), list({-1})}), {0}, {});  // -1 is 5 here
    expect_array(apply(13, "Slice", {counted({2, 3}), list({1}), list({9}), list({-1})}), {2, 2}, {2, 3, 5, 6});
    const std::vector<Array> parts = apply_all(18, "Split", {counted({5})}, {{"num_outputs", 2}}, 2);
    expect_array(parts[0], {3}, {1, 2, 3});
    expect_array(parts[1], {2}, {4, 5});
    expect_array(apply_all(11, "Split", {counted({2, 3})}, {{"axis", 1}, {"split", Dims{1, 2}}}, 2)[1], {2, 2},
                 {2, 3, 5, 6});
    expect_array(apply_all(13, "Split", {x, list({1, 5})}, {}, 2)[0], {1}, {1});
    EXPECT_THROW(apply_all(17, "Split", {counted({5})}, {}, 2), std::runtime_error);
}

TEST(OnnxOracle, ElementsFromOtherPlaces) {
    const Array x = counted({2, 3});
    expect_array(apply(13, "Transpose", {x}), {3, 2}, {1, 4, 2, 5, 3, 6});
    expect_array(apply(13, "Transpose", {counted({1, 2, 3})}, {{"perm", Dims{1, 2, 0}}}), {2, 3, 1},
                 {1, 2, 3, 4, 5, 6});
    expect_array(apply(13, "Concat", {x, real({2, 1}, {7, 8})}, {{"axis", -1}}), {2, 4}, {1, 2, 3, 7, 4, 5, 6, 8});
    expect_array(apply(13, "Gather", {x, list({-1, 0})}, {{"axis", 1}}), {2, 2}, {3, 1, 6, 4});
    expect_array(apply(10, "Pad", {x}, {{"pads", Dims{0, 1, 1, -1}}, {"value", 9.0}}), {3, 3},
                 {9, 1, 2, 9, 4, 5, 9, 9, 9});
    expect_array(apply(18, "Pad", {x, list({1, 0}), std::nullopt, list({-1})}), {2, 4}, {0, 1, 2, 3, 0, 4, 5, 6});
    EXPECT_THROW(apply(13, "Pad", {x, list({1, 1, 1, 1})}, {{"mode", std::string("reflect")}}), std::runtime_error);
}

TEST(OnnxOracle, Shapes) {
    const Array x = counted({2, 3, 4});
    EXPECT_EQ(apply(13, "Reshape", {x, list({0, -1})}).dims, (Dims{2, 12}));
    EXPECT_EQ(apply(14, "Reshape", {graph::filled({0, 3}), list({3, 0})}, {{"allowzero", 1}}).dims, (Dims{3, 0}));
    EXPECT_EQ(apply(13, "Flatten", {x}, {{"axis", -1}}).dims, (Dims{6, 4}));
    EXPECT_EQ(apply(13, "Flatten", {x}, {{"axis", 0}}).dims, (Dims{1, 24}));
    EXPECT_EQ(apply(11, "Unsqueeze", {x}, {{"axes", Dims{0, -1}}}).dims, (Dims{1, 2, 3, 4, 1}));
    EXPECT_EQ(apply(13, "Unsqueeze", {scalar(1), list({0})}).dims, (Dims{1}));
    EXPECT_EQ(apply(13, "Squeeze", {graph::filled({1, 2, 1})}).dims, (Dims{2}));
    EXPECT_EQ(apply(13, "Squeeze", {graph::filled({1, 2, 1}), list({-1})}).dims, (Dims{1, 2}));
    expect_array(apply(13, "Shape", {x}), {3}, {2, 3, 4});
    expect_array(apply(15, "Shape", {x}, {{"start", -2}, {"end", 9}}), {2}, {3, 4});
    expect_array(apply(13, "Expand", {real({2, 1}, {1, 2}), list({3, 1, 2})}), {3, 2, 2},
                 {1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2});
    expect_array(apply(13, "Range", {scalar(1), scalar(6), scalar(2)}), {3}, {1, 3, 5});
    expect_array(apply(13, "ConstantOfShape", {list({2})}), {2}, {0, 0});
    expect_array(apply(13, "Constant", {}, {{"value_ints", Dims{4, 5}}}), {2}, {4, 5});
    expect_array(apply(13, "Constant", {}, {{"value_float", 0.5}}), {}, {0.5});
    EXPECT_THROW(apply(13, "Reshape", {x, list({5, -1})}), std::runtime_error);
    EXPECT_THROW(apply(11, "Constant", {}, {{"value_float", 0.5}}), std::runtime_error);
}

TEST(OnnxOracle, ReadsEveryStorage) {
    using T = onnx::TensorProto;
    const auto tensor = [](T::DataType type, const Dims& dims) {
        T t;
        t.set_data_type(type);
        t.mutable_dims()->Add(dims.begin(), dims.end());
        return t;
    };
    T half = tensor(T::FLOAT16, {5});
    for (const int bits : {0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00}) {
        half.add_int32_data(bits);
    }
    EXPECT_EQ(graph::array_of(half).values, (std::vector<double>{1, -2, 0x1p-24, 65504, INFINITY}));
    T bfloat = tensor(T::BFLOAT16, {2});
    bfloat.set_raw_data(std::string("\x80\x3f\x49\xc0", 4));
    expect_array(graph::array_of(bfloat), {2}, {1, -3.140625});
    T bytes = tensor(T::INT8, {2});
    bytes.set_raw_data(std::string("\xff\x02", 2));
    expect_array(graph::array_of(bytes), {2}, {-1, 2});
    T doubles = tensor(T::DOUBLE, {});
    doubles.add_double_data(1e300);
    EXPECT_EQ(graph::array_of(doubles).values, std::vector<double>{1e300});
    T integers = tensor(T::INT64, {2});
    integers.add_int64_data(INT64_MAX);
    integers.add_int64_data(-3);
    EXPECT_EQ(graph::to_indices(graph::array_of(integers)), (Dims{INT64_MAX, -3}));
    EXPECT_TRUE(graph::array_of(integers).integer);

    onnx::SparseTensorProto sparse;
    sparse.mutable_dims()->Add(2);
    sparse.mutable_dims()->Add(2);
    *sparse.mutable_values() = tensor(T::FLOAT, {1});
    sparse.mutable_values()->add_float_data(7);
    *sparse.mutable_indices() = tensor(T::INT64, {1, 2});
    sparse.mutable_indices()->add_int64_data(1);
    sparse.mutable_indices()->add_int64_data(0);
    expect_array(graph::array_of(sparse), {2, 2}, {0, 0, 7, 0});

    EXPECT_THROW(graph::array_of(tensor(T::FLOAT, {3})), std::runtime_error);
    EXPECT_THROW(graph::array_of(tensor(T::STRING, {0})), std::runtime_error);
}

TEST(OnnxOracle, RefusesWhatItDoesNotKnow) {
    const Array x = counted({2});
    EXPECT_THROW(apply(13, "Gelu", {x}), std::runtime_error);
    EXPECT_THROW(apply(13, "Relu", {x}, {{"slope", 1.0}}), std::runtime_error);
    EXPECT_THROW(apply(21, "Relu", {x}), std::runtime_error);
    EXPECT_THROW(apply(8, "Relu", {x}), std::runtime_error);

    OnnxBuilder b(13);
    b.output(b.node("Relu", {b.input("x", {-1, 2})}), {-1, 2});
    EXPECT_NO_THROW(graph::evaluate(b.model, {{"x", counted({3, 2})}}));
    EXPECT_THROW(graph::evaluate(b.model, {{"x", counted({3, 1})}}), std::runtime_error);
    EXPECT_THROW(graph::evaluate(b.model, {}), std::runtime_error);
    b.model.mutable_graph()->mutable_node(0)->set_domain("com.microsoft");
    EXPECT_THROW(graph::evaluate(b.model, {{"x", counted({3, 2})}}), std::runtime_error);
}

TEST(OnnxOracle, AnInputGoesBeforeItsInitialiser) {
    OnnxBuilder b(9);
    b.initializers_are_inputs = true;
    const std::string w = b.initializer(b.proto({1}, std::vector<float>{2}));
    b.output(b.node("Mul", {b.input("x", {1}), w}), {1});
    expect_array(graph::evaluate(b.model, {{"x", real({1}, {3})}}).begin()->second, {1}, {6});
    expect_array(graph::evaluate(b.model, {{"x", real({1}, {3})}, {w, real({1}, {5})}}).begin()->second, {1}, {15});
}

/// Samples of a batch know nothing of each other, and values keep of order 1.
TEST(OnnxModels, RandomNetworksTreatSamplesAlone) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        const onnx::ModelProto model = random_network(seed);
        ASSERT_EQ(model.SerializeAsString(), random_network(seed).SerializeAsString());
        const bool any_batch = model.graph().input(0).type().tensor_type().shape().dim(0).has_dim_param();
        const Dims dims = input_dims(model, 2);
        const std::vector<float> pixels = random_pixels(dims, seed);
        const Array x = real(dims, {pixels.begin(), pixels.end()});
        const std::map<std::string, Array> out = graph::evaluate(model, {{"input", x}});
        ASSERT_EQ(out.size(), 1u);
        const Array& y = out.begin()->second;
        ASSERT_EQ(y.dims.size(), 2u);
        EXPECT_EQ(y.dims[0], dims[0]);
        for (const double v : y.values) {
            EXPECT_LT(std::abs(v), 30);
        }
        if (any_batch) {
            Dims one = dims;
            one[0] = 1;
            const auto half = x.values.begin() + static_cast<long>(x.values.size() / 2);
            const Array alone =
                graph::evaluate(model, {{"input", {one, {half, x.values.end()}, false}}}).begin()->second;
            EXPECT_TRUE(std::equal(alone.values.begin(), alone.values.end(), y.values.begin() + y.dims[1]));
        }
    }
}

}  // namespace
}  // namespace axfire::testing
