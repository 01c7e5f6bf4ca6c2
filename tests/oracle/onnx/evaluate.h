// SPDX-License-Identifier: Apache-2.0
// A whole graph, node by node, in the order of the file.
#pragma once

#include <map>

#include "tests/oracle/onnx/elementwise.h"
#include "tests/oracle/onnx/normalize.h"
#include "tests/oracle/onnx/places.h"
#include "tests/oracle/onnx/pools.h"
#include "tests/oracle/onnx/products.h"
#include "tests/oracle/onnx/shapes.h"

namespace axfire::oracle::onnx_graph {

struct Operator {
    Arrays (*evaluate)(const Node&);
    std::int64_t since = 1;  ///< the opset that brought it
};

inline const std::map<std::string, Operator>& operators() {
    static const std::map<std::string, Operator> table = {
        {"Add", {add}},
        {"AveragePool", {average_pool}},
        {"BatchNormalization", {batch_normalization}},
        {"Cast", {cast}},
        {"Clip", {clip}},
        {"Concat", {concat}},
        {"Constant", {constant}},
        {"ConstantOfShape", {constant_of_shape}},
        {"Conv", {conv}},
        {"Div", {div}},
        {"Dropout", {dropout}},
        {"Equal", {equal}},
        {"Exp", {exp}},
        {"Expand", {expand}},
        {"Flatten", {flatten}},
        {"Floor", {floor}},
        {"Gather", {gather}},
        {"Gemm", {gemm}},
        {"GlobalAveragePool", {global_average_pool}},
        {"GlobalMaxPool", {global_max_pool}},
        {"HardSigmoid", {hard_sigmoid}},
        {"HardSwish", {hard_swish, 14}},
        {"Identity", {identity}},
        {"LRN", {lrn}},
        {"LeakyRelu", {leaky_relu}},
        {"MatMul", {matmul}},
        {"MaxPool", {max_pool}},
        {"Mul", {mul}},
        {"Neg", {neg}},
        {"PRelu", {prelu}},
        {"Pad", {pad}},
        {"Pow", {pow}},
        {"Range", {range, 11}},
        {"ReduceMean", {reduce_mean}},
        {"ReduceSum", {reduce_sum}},
        {"Relu", {relu}},
        {"Reshape", {reshape}},
        {"Shape", {shape}},
        {"Sigmoid", {sigmoid}},
        {"Slice", {slice}},
        {"Softmax", {softmax}},
        {"Split", {split}},
        {"Sqrt", {sqrt}},
        {"Squeeze", {squeeze}},
        {"Sub", {sub}},
        {"Sum", {sum}},
        {"Tanh", {tanh}},
        {"Transpose", {transpose}},
        {"Unsqueeze", {unsqueeze}},
        {"Where", {where}},
    };
    return table;
}

/// Operators of ONNX itself have an empty domain, or its name.
inline bool is_default_domain(const std::string& domain) {
    return domain.empty() || domain == "ai.onnx";
}

inline std::int64_t opset_of(const onnx::ModelProto& model) {
    for (const auto& import : model.opset_import()) {
        if (is_default_domain(import.domain())) {
            require(import.version() >= 9 && import.version() <= 20, "opset " + std::to_string(import.version()));
            return import.version();
        }
    }
    throw std::runtime_error("onnx oracle: a model without an opset");
}

/// A declared extent holds; a named or missing one takes any.
inline void check_input(const onnx::ValueInfoProto& declared, const Array& given) {
    const auto& type = declared.type().tensor_type();
    require(element_count(given.dims) == static_cast<std::int64_t>(given.values.size()),
            "input '" + declared.name() + "' has other than " + to_string(given.dims) + " values");
    require(type.elem_type() == 0 || is_integer_type(type.elem_type()) == given.integer,
            "input '" + declared.name() + "' of another type");
    bool fits = !type.has_shape() || static_cast<std::size_t>(type.shape().dim_size()) == given.dims.size();
    for (int axis = 0; fits && axis < type.shape().dim_size(); ++axis) {
        const auto& dim = type.shape().dim(axis);
        fits = !dim.has_dim_value() || dim.dim_value() == given.dims[static_cast<std::size_t>(axis)];
    }
    require(fits, "input '" + declared.name() + "' of " + to_string(given.dims));
}

/// Every value of the graph by its name, intermediate ones and initialisers too.
inline std::map<std::string, Array> evaluate_all(const onnx::ModelProto& model,
                                                 const std::map<std::string, Array>& inputs) {
    const onnx::GraphProto& graph = model.graph();
    const std::int64_t opset = opset_of(model);
    std::map<std::string, Array> value;
    for (const onnx::TensorProto& t : graph.initializer()) {
        value[t.name()] = array_of(t);
    }
    for (const onnx::SparseTensorProto& t : graph.sparse_initializer()) {
        value[t.values().name()] = array_of(t);
    }
    std::size_t taken = 0;
    for (const onnx::ValueInfoProto& declared : graph.input()) {
        const auto given = inputs.find(declared.name());
        if (given != inputs.end()) {  // goes before an initialiser, which is a default then
            check_input(declared, given->second);
            value[declared.name()] = given->second;
            ++taken;
        }
        require(value.contains(declared.name()), "input '" + declared.name() + "' is not given");
    }
    require(taken == inputs.size(), "more inputs than the graph has");

    for (const onnx::NodeProto& proto : graph.node()) {
        const auto known = operators().find(proto.op_type());
        require(is_default_domain(proto.domain()) && known != operators().end() && known->second.since <= opset,
                "operator " + proto.domain() + ":" + proto.op_type() + " of opset " + std::to_string(opset));
        Node node{proto, opset, {}};
        for (const std::string& name : proto.input()) {
            require(name.empty() || value.contains(name), "value '" + name + "' is used before it is made");
            node.inputs.push_back(name.empty() ? nullptr : &value.at(name));
        }
        Arrays out;
        try {
            out = known->second.evaluate(node);
            node.refuse_unread();
        } catch (const std::runtime_error& error) {
            throw std::runtime_error(proto.op_type() + " '" + proto.name() + "': " + error.what());
        }
        for (int i = 0; i < proto.output_size(); ++i) {
            if (!proto.output(i).empty()) {
                require(static_cast<std::size_t>(i) < out.size(), proto.op_type() + " has fewer outputs");
                require(!value.contains(proto.output(i)), "value '" + proto.output(i) + "' is made twice");
                value[proto.output(i)] = out[static_cast<std::size_t>(i)];
            }
        }
    }
    return value;
}

/// The graph's outputs by name. Throws std::runtime_error for what it does not know and for ill-formed graphs.
inline std::map<std::string, Array> evaluate(const onnx::ModelProto& model,
                                             const std::map<std::string, Array>& inputs) {
    const std::map<std::string, Array> all = evaluate_all(model, inputs);
    std::map<std::string, Array> out;
    for (const onnx::ValueInfoProto& declared : model.graph().output()) {
        require(all.contains(declared.name()), "output '" + declared.name() + "' is never made");
        out[declared.name()] = all.at(declared.name());
    }
    return out;
}

}  // namespace axfire::oracle::onnx_graph
