// SPDX-License-Identifier: Apache-2.0
// Builds ONNX models node by node, for any opset; what the opset or an exporter may choose is drawn from a seed.
#pragma once

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace axfire::testing {

/// splitmix64: the same draws with every compiler and standard library.
struct OnnxRandom {
    std::uint64_t state;

    std::uint64_t next() {
        std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    double uniform(double low, double high) {
        return low + (high - low) * std::ldexp(static_cast<double>(next() >> 11), -53);
    }
    std::int64_t integer(std::int64_t low, std::int64_t high) {  ///< both included
        return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
    }
    bool chance(double p) { return uniform(0, 1) < p; }
    template <class T>
    T pick(const std::vector<T>& from) {
        return from[next() % from.size()];
    }
    std::string pick(std::initializer_list<const char*> from) {
        return std::string(from.begin()[next() % from.size()]);
    }
};

using OnnxDims = std::vector<std::int64_t>;
using OnnxNames = std::vector<std::string>;

inline std::int64_t onnx_count(const OnnxDims& dims) {
    std::int64_t count = 1;
    for (const std::int64_t d : dims) {
        count *= d;
    }
    return count;
}

struct OnnxAttribute {
    std::string name;
    std::variant<std::int64_t, float, std::string, OnnxDims, onnx::TensorProto> value;

    OnnxAttribute(std::string n, std::int64_t v) : name(std::move(n)), value(v) {}
    OnnxAttribute(std::string n, int v) : name(std::move(n)), value(std::int64_t{v}) {}
    OnnxAttribute(std::string n, double v) : name(std::move(n)), value(static_cast<float>(v)) {}
    OnnxAttribute(std::string n, std::string v) : name(std::move(n)), value(std::move(v)) {}
    OnnxAttribute(std::string n, OnnxDims v) : name(std::move(n)), value(std::move(v)) {}
    OnnxAttribute(std::string n, onnx::TensorProto v) : name(std::move(n)), value(std::move(v)) {}
};

using OnnxAttributes = std::vector<OnnxAttribute>;

class OnnxBuilder {
public:
    explicit OnnxBuilder(std::int64_t opset_version, std::uint64_t seed = 0)
        : opset(opset_version), random{seed}, named_nodes_(random.chance(0.7)) {
        model.set_ir_version(8);
        model.set_producer_name("axfire tests");
        auto* import = model.add_opset_import();
        import->set_domain("");
        import->set_version(opset);
        model.mutable_graph()->set_name("graph");
    }

    onnx::ModelProto model;
    const std::int64_t opset;
    OnnxRandom random;
    bool initializers_are_inputs = false;  ///< as exporters wrote them for IR version 3

    /// Extents of -1 are symbolic.
    std::string input(const std::string& name, const OnnxDims& dims) {
        declare(*model.mutable_graph()->add_input(), name, dims);
        return name;
    }
    void output(const std::string& name, const OnnxDims& dims) {
        declare(*model.mutable_graph()->add_output(), name, dims);
    }

    /// A float tensor in raw_data or float_data.
    onnx::TensorProto proto(const OnnxDims& dims, const std::vector<float>& values) {
        onnx::TensorProto t;
        t.set_data_type(onnx::TensorProto::FLOAT);
        t.mutable_dims()->Add(dims.begin(), dims.end());
        if (random.chance(0.6)) {
            t.set_raw_data(values.data(), values.size() * sizeof(float));
        } else {
            t.mutable_float_data()->Add(values.begin(), values.end());
        }
        return t;
    }
    onnx::TensorProto proto(const OnnxDims& dims, const OnnxDims& values) {
        onnx::TensorProto t;
        t.set_data_type(onnx::TensorProto::INT64);
        t.mutable_dims()->Add(dims.begin(), dims.end());
        if (random.chance(0.6)) {
            t.set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
        } else {
            t.mutable_int64_data()->Add(values.begin(), values.end());
        }
        return t;
    }

    std::string initializer(onnx::TensorProto t) {
        const std::string name = new_name("w");
        t.set_name(name);
        if (initializers_are_inputs) {
            const OnnxDims dims{t.dims().begin(), t.dims().end()};
            declare(*model.mutable_graph()->add_input(), name, dims, t.data_type());
        }
        *model.mutable_graph()->add_initializer() = std::move(t);
        return name;
    }

    /// An initialiser, by times behind an Identity, or a Constant node.
    std::string stored(onnx::TensorProto t) {
        if (random.chance(0.15)) {
            return node("Constant", {}, {{"value", std::move(t)}});
        }
        const std::string name = initializer(std::move(t));
        return random.chance(0.05) ? node("Identity", {name}) : name;
    }
    std::string floats(const OnnxDims& dims, const std::vector<float>& values) { return stored(proto(dims, values)); }
    std::string integers(const OnnxDims& values) {
        return stored(proto({static_cast<std::int64_t>(values.size())}, values));
    }
    std::string integer(std::int64_t value) { return stored(proto(OnnxDims{}, OnnxDims{value})); }

    /// Uniform in [low, high).
    std::string draw(const OnnxDims& dims, double low, double high) {
        std::vector<float> values(static_cast<std::size_t>(onnx_count(dims)));
        for (float& v : values) {
            v = static_cast<float>(random.uniform(low, high));
        }
        return floats(dims, values);
    }

    OnnxNames nodes(const std::string& op, const OnnxNames& inputs, const OnnxAttributes& attributes,
                    std::size_t outputs) {
        onnx::NodeProto* node = model.mutable_graph()->add_node();
        node->set_op_type(op);
        if (named_nodes_) {
            node->set_name(op + "_" + std::to_string(model.graph().node_size() - 1));
        }
        for (const std::string& name : inputs) {
            node->add_input(name);
        }
        for (const OnnxAttribute& a : attributes) {
            set(*node->add_attribute(), a);
        }
        OnnxNames names;
        for (std::size_t i = 0; i < outputs; ++i) {
            names.push_back(new_name("v"));
            node->add_output(names.back());
        }
        return names;
    }
    std::string node(const std::string& op, const OnnxNames& inputs, const OnnxAttributes& attributes = {}) {
        return nodes(op, inputs, attributes, 1)[0];
    }

    // Operators whose attributes have become inputs.

    std::string unsqueeze(const std::string& x, const OnnxDims& axes) { return moved("Unsqueeze", x, axes, 13); }
    std::string squeeze(const std::string& x, const OnnxDims& axes) { return moved("Squeeze", x, axes, 13); }
    std::string reduce_mean(const std::string& x, const OnnxDims& axes, bool keep) {
        return moved("ReduceMean", x, axes, 18, {{"keepdims", keep ? 1 : 0}});
    }
    std::string clip(const std::string& x, float low, float high) {
        if (opset < 11) {
            return node("Clip", {x}, {{"min", static_cast<double>(low)}, {"max", static_cast<double>(high)}});
        }
        const std::string min = floats({}, {low});
        const std::string max = floats({}, {high});
        return node("Clip", {x, min, max});
    }
    /// Steps other than 1 from opset 10 on.
    std::string slice(const std::string& x, const OnnxDims& starts, const OnnxDims& ends, const OnnxDims& axes,
                      const OnnxDims& steps = {}) {
        if (opset < 10) {
            return node("Slice", {x}, {{"starts", starts}, {"ends", ends}, {"axes", axes}});
        }
        OnnxNames inputs{x};
        inputs.push_back(integers(starts));
        inputs.push_back(integers(ends));
        inputs.push_back(integers(axes));
        if (!steps.empty() || random.chance(0.5)) {
            inputs.push_back(integers(steps.empty() ? OnnxDims(starts.size(), 1) : steps));
        }
        return node("Slice", inputs);
    }
    /// The begins of all axes, then the ends.
    std::string pad(const std::string& x, const OnnxDims& pads, float value = 0) {
        if (opset < 11) {
            return node("Pad", {x},
                        {{"mode", std::string("constant")}, {"pads", pads}, {"value", static_cast<double>(value)}});
        }
        OnnxNames inputs{x};
        inputs.push_back(integers(pads));
        if (value != 0 || random.chance(0.5)) {
            inputs.push_back(floats({}, {value}));
        }
        return node("Pad", inputs, {{"mode", std::string("constant")}});
    }
    OnnxNames split(const std::string& x, const OnnxDims& sizes, std::int64_t axis) {
        if (std::equal(sizes.begin() + 1, sizes.end(), sizes.begin()) && random.chance(0.5)) {
            OnnxAttributes attributes{{"axis", axis}};
            if (opset >= 18) {
                attributes.emplace_back("num_outputs", static_cast<std::int64_t>(sizes.size()));
            }
            return nodes("Split", {x}, attributes, sizes.size());
        }
        if (opset < 13) {
            return nodes("Split", {x}, {{"axis", axis}, {"split", sizes}}, sizes.size());
        }
        const std::string list = integers(sizes);
        return nodes("Split", {x, list}, {{"axis", axis}}, sizes.size());
    }

private:
    std::string new_name(const char* prefix) { return prefix + std::to_string(++names_); }

    std::string moved(const std::string& op, const std::string& x, const OnnxDims& axes, std::int64_t since,
                      OnnxAttributes attributes = {}) {
        if (opset >= since) {
            const std::string list = integers(axes);
            return node(op, {x, list}, attributes);
        }
        attributes.emplace_back("axes", axes);
        return node(op, {x}, attributes);
    }

    static void declare(onnx::ValueInfoProto& value, const std::string& name, const OnnxDims& dims,
                        int type = onnx::TensorProto::FLOAT) {
        value.set_name(name);
        auto* tensor = value.mutable_type()->mutable_tensor_type();
        tensor->set_elem_type(type);
        tensor->mutable_shape();
        for (const std::int64_t d : dims) {
            auto* dim = tensor->mutable_shape()->add_dim();
            d < 0 ? dim->set_dim_param("N") : dim->set_dim_value(d);
        }
    }

    static void set(onnx::AttributeProto& proto, const OnnxAttribute& attribute) {
        using A = onnx::AttributeProto;
        proto.set_name(attribute.name);
        if (const auto* i = std::get_if<std::int64_t>(&attribute.value)) {
            proto.set_type(A::INT);
            proto.set_i(*i);
        } else if (const auto* f = std::get_if<float>(&attribute.value)) {
            proto.set_type(A::FLOAT);
            proto.set_f(*f);
        } else if (const auto* s = std::get_if<std::string>(&attribute.value)) {
            proto.set_type(A::STRING);
            proto.set_s(*s);
        } else if (const auto* list = std::get_if<OnnxDims>(&attribute.value)) {
            proto.set_type(A::INTS);
            proto.mutable_ints()->Add(list->begin(), list->end());
        } else {
            proto.set_type(A::TENSOR);
            *proto.mutable_t() = std::get<onnx::TensorProto>(attribute.value);
        }
    }

    bool named_nodes_;
    int names_ = 0;
};

}  // namespace axfire::testing
