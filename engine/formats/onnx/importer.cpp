// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/onnx/importer.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire::onnx_import {

namespace {

constexpr std::size_t kLongestName = 200;  // of the 255 bytes of a node's name; a number may follow

/// The name as a node of a network may have it: '/' separates groups in HDF5.
std::string clean(const std::string& wanted) {
    std::string name;
    for (const char c : wanted.substr(0, kLongestName)) {
        const auto byte = static_cast<unsigned char>(c);
        name += c == '/' ? '.' : byte < 0x20 || byte == 0x7f ? '_' : c;
    }
    name.erase(0, std::min(name.find_first_not_of('.'), name.size()));
    return name.empty() ? "node" : name;
}

}  // namespace

Shape shape_of(const Dims& dims) {
    Shape shape(dims.begin(), dims.end());
    if (shape.size() > 1) {
        shape.erase(shape.begin());
    }
    return shape;
}

std::size_t Importer::add(const std::string& wanted, NodeKind kind, const std::vector<std::size_t>& sources) {
    const std::string base = clean(wanted);
    std::string name = base;
    for (int i = 2; !names_.insert(name).second; ++i) {
        name = fmt::format("{}_{}", base, i);
    }
    network_.nodes.push_back({name, std::move(kind)});
    for (const std::size_t source : sources) {
        network_.edges.push_back({source, network_.nodes.size() - 1});
    }
    return network_.nodes.size() - 1;
}

Signal Importer::reshape(const std::string& name, const Signal& signal, const Dims& dims) {
    if (shape_of(dims) == shape_of(signal.dims)) {
        return {signal.node, dims};
    }
    return {add(name, nodes::Reshape{shape_of(dims)}, {signal.node}), dims};
}

Signal Importer::move(const std::string& name, const Signal& signal, const IndexMap& map, double fill) {
    bool in_place = map.source.size() == count(signal.dims);
    for (std::size_t i = 0; in_place && i < map.source.size(); ++i) {
        in_place = map.source[i] == static_cast<std::int64_t>(i);
    }
    if (in_place) {
        return reshape(name, signal, map.dims);
    }
    if (map.dims.empty() || map.dims[0] != 1 || count(signal.dims) > std::numeric_limits<std::uint32_t>::max()) {
        throw InputError(fmt::format("gives the shape {} from {}: axis 0 is the batch and must stay as it is",
                                     to_string(map.dims), to_string(signal.dims)));
    }
    nodes::Rearrange node{shape_of(map.dims), {}, static_cast<float>(fill)};
    node.source.reserve(map.source.size());
    for (const std::int64_t from : map.source) {
        node.source.push_back(from < 0 ? nodes::Rearrange::kFill : static_cast<std::uint32_t>(from));
    }
    return {add(name, std::move(node), {signal.node}), map.dims};
}

Signal Importer::sum(const std::string& name, const std::vector<Signal>& signals) {
    std::vector<std::size_t> sources;
    for (const Signal& signal : signals) {
        std::size_t source = signal.node;
        while (std::find(sources.begin(), sources.end(), source) !=
               sources.end()) {  // x + x: a node adds a source once
            source = add(name + ".copy", nodes::Neuron{"identity", shape_of(signal.dims), {}}, {signal.node});
        }
        sources.push_back(source);
    }
    return {add(name, nodes::Neuron{"identity", shape_of(signals[0].dims), {}}, sources), signals[0].dims};
}

const Value& Call::input(std::size_t i) const {
    if (!has(i)) {
        fail(fmt::format("its input {} is missing", i));
    }
    return *inputs_[i];
}

const Signal& Call::signal(std::size_t i) const {
    const auto* signal = std::get_if<Signal>(&input(i));
    if (signal == nullptr) {
        fail(fmt::format("its input {} is a constant; only what depends on the network's input is supported there", i));
    }
    return *signal;
}

const Constant& Call::constant(std::size_t i) const {
    const auto* constant = std::get_if<Constant>(&input(i));
    if (constant == nullptr) {
        fail(fmt::format("its input {} depends on the network's input; only a constant is supported there", i));
    }
    return *constant;
}

std::optional<std::vector<std::int64_t>> Call::integers_input(std::size_t i) const {
    if (!has(i)) {
        return std::nullopt;
    }
    const Constant& c = constant(i);
    if (!c.integer) {
        fail(fmt::format("its input {} must be integers", i));
    }
    return c.integers;
}

std::vector<std::int64_t> Call::required_integers(std::size_t i) const {
    input(i);
    return *integers_input(i);
}

const onnx::AttributeProto* Call::attribute(const char* wanted) const {
    for (const onnx::AttributeProto& a : proto_.attribute()) {
        if (a.name() == wanted) {
            return &a;
        }
    }
    return nullptr;
}

std::optional<std::int64_t> Call::integer(const char* wanted) const {
    const auto* a = attribute(wanted);
    if (a == nullptr) {
        return std::nullopt;
    }
    if (a->type() != onnx::AttributeProto::INT) {
        fail(fmt::format("its attribute {} must be an integer", wanted));
    }
    return a->i();
}

std::optional<double> Call::real(const char* wanted) const {
    const auto* a = attribute(wanted);
    if (a == nullptr) {
        return std::nullopt;
    }
    if (a->type() != onnx::AttributeProto::FLOAT) {
        fail(fmt::format("its attribute {} must be a number", wanted));
    }
    return a->f();
}

std::optional<std::vector<std::int64_t>> Call::integers(const char* wanted) const {
    const auto* a = attribute(wanted);
    if (a == nullptr) {
        return std::nullopt;
    }
    if (a->type() != onnx::AttributeProto::INTS) {
        fail(fmt::format("its attribute {} must be a list of integers", wanted));
    }
    return std::vector<std::int64_t>(a->ints().begin(), a->ints().end());
}

std::string Call::text(const char* wanted, const char* missing) const {
    const auto* a = attribute(wanted);
    if (a == nullptr) {
        return missing;
    }
    if (a->type() != onnx::AttributeProto::STRING) {
        fail(fmt::format("its attribute {} must be a text", wanted));
    }
    return a->s();
}

std::size_t Call::axis(std::int64_t axis, std::size_t rank) const {
    const std::int64_t n = static_cast<std::int64_t>(rank);
    if (axis < -n || axis >= n) {
        fail(fmt::format("its axis {} is outside of the {} axes of its input", axis, rank));
    }
    return static_cast<std::size_t>(axis < 0 ? axis + n : axis);
}

void Call::fail(const std::string& what) const {
    throw InputError(fmt::format("{} '{}': {}", proto_.op_type(), name, what));
}

}  // namespace axfire::onnx_import
