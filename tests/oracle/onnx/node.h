// SPDX-License-Identifier: Apache-2.0
// One node with the arrays that reach it. Attributes are noted as they are read, so that unread ones can be refused.
#pragma once

#include <optional>
#include <set>

#include "tests/oracle/onnx/tensor.h"

namespace axfire::oracle::onnx_graph {

struct Node {
    const onnx::NodeProto& proto;
    std::int64_t opset;
    std::vector<const Array*> inputs;  ///< null where an optional one is left out
    mutable std::set<std::string> read = {};

    bool has(std::size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }

    const Array& in(std::size_t i) const {
        require(has(i), "input " + std::to_string(i) + " is missing");
        return *inputs[i];
    }

    const onnx::AttributeProto* attribute(const std::string& name, onnx::AttributeProto::AttributeType type) const {
        read.insert(name);
        for (const onnx::AttributeProto& a : proto.attribute()) {
            if (a.name() == name) {
                require(a.type() == type && a.ref_attr_name().empty(), "attribute '" + name + "' of another type");
                return &a;
            }
        }
        return nullptr;
    }

    std::int64_t integer(const std::string& name, std::int64_t otherwise) const {
        const auto* a = attribute(name, onnx::AttributeProto::INT);
        return a != nullptr ? a->i() : otherwise;
    }
    double number(const std::string& name, double otherwise) const {
        const auto* a = attribute(name, onnx::AttributeProto::FLOAT);
        return a != nullptr ? static_cast<double>(a->f()) : otherwise;
    }
    std::string text(const std::string& name, const std::string& otherwise) const {
        const auto* a = attribute(name, onnx::AttributeProto::STRING);
        return a != nullptr ? a->s() : otherwise;
    }
    std::optional<Dims> integers(const std::string& name) const {
        const auto* a = attribute(name, onnx::AttributeProto::INTS);
        return a != nullptr ? std::optional<Dims>(Dims{a->ints().begin(), a->ints().end()}) : std::nullopt;
    }

    /// A list that older opsets have as an attribute, those from `since` on as an input.
    std::optional<Dims> moved_list(const std::string& name, std::size_t input, std::int64_t since) const {
        if (opset < since) {
            return integers(name);
        }
        return has(input) ? std::optional<Dims>(to_indices(in(input))) : std::nullopt;
    }

    /// Attributes that say nothing about inference.
    void ignore(const std::string& name) const { read.insert(name); }

    void refuse_unread() const {
        for (const onnx::AttributeProto& a : proto.attribute()) {
            require(read.contains(a.name()), "unknown attribute '" + a.name() + "'");
        }
    }
};

}  // namespace axfire::oracle::onnx_graph
