// SPDX-License-Identifier: Apache-2.0
// What the operators of an ONNX graph are imported with.
//
// The network has no batch axis. A model is imported for a batch of one: axis 0 of every signal is the batch and has
// the extent 1, and whatever would mix samples is refused.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/formats/onnx/index_map.h"
#include "engine/network/network.h"

namespace axfire::onnx_import {

/// A tensor that depends on the sample: the output of a node of the network.
struct Signal {
    std::size_t node;
    Dims dims;  ///< as ONNX has them, the batch first
};

using Value = std::variant<Constant, Signal>;

inline const Dims& dims_of(const Value& value) {
    return std::visit([](const auto& v) -> const Dims& { return v.dims; }, value);
}

inline constexpr std::size_t kMaxConstant = std::size_t{1} << 26;  ///< elements of what is computed at import

/// The network under construction.
class Importer {
public:
    Importer(Network& network, const std::filesystem::path& folder) : network_(network), folder_(folder) {}

    /// Adds a node under a name made from `wanted` that no other node has. Returns its index.
    std::size_t add(const std::string& wanted, NodeKind kind, const std::vector<std::size_t>& sources);

    /// The same values under other extents.
    Signal reshape(const std::string& name, const Signal& signal, const Dims& dims);

    /// Elements moved as the map says. A reshape where each stays in its place.
    Signal move(const std::string& name, const Signal& signal, const IndexMap& map, double fill = 0);

    /// The sum of signals of one shape, in topological order.
    Signal sum(const std::string& name, const std::vector<Signal>& signals);

    const std::string& name_of(const Signal& signal) const { return network_.nodes[signal.node].name; }

    const std::filesystem::path& folder() const { return folder_; }

    std::int64_t batch = 0;  ///< extent of the batch that the file gives its input; not above 0: free

private:
    Network& network_;
    const std::filesystem::path& folder_;
    std::set<std::string> names_;
};

/// The shape of a signal in the network: its extents without the batch.
Shape shape_of(const Dims& dims);

/// One operator of the graph, with its inputs.
class Call {
public:
    Call(Importer& importer, const onnx::NodeProto& proto, std::int64_t opset, const std::string& name,
         std::vector<const Value*> inputs)
        : importer(importer), opset(opset), name(name), proto_(proto), inputs_(std::move(inputs)) {}

    Importer& importer;
    std::int64_t opset;
    const std::string& name;  ///< of the node, or made from its operator

    std::size_t input_count() const { return inputs_.size(); }
    std::size_t output_count() const { return static_cast<std::size_t>(proto_.output_size()); }
    bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
    const Value& input(std::size_t i) const;
    bool is_constant(std::size_t i) const { return std::holds_alternative<Constant>(input(i)); }
    /// Throws InputError where the input is the other sort.
    const Signal& signal(std::size_t i) const;
    const Constant& constant(std::size_t i) const;
    /// Nothing where the input is not given.
    std::optional<std::vector<std::int64_t>> integers_input(std::size_t i) const;
    /// Throws InputError where the input is not given.
    std::vector<std::int64_t> required_integers(std::size_t i) const;

    std::optional<std::int64_t> integer(const char* attribute) const;
    std::optional<double> real(const char* attribute) const;
    std::optional<std::vector<std::int64_t>> integers(const char* attribute) const;
    std::string text(const char* attribute, const char* missing) const;
    const onnx::AttributeProto* attribute(const char* attribute) const;

    /// An axis of `rank`, negative ones from the last.
    std::size_t axis(std::int64_t axis, std::size_t rank) const;

    [[noreturn]] void fail(const std::string& what) const;

private:
    const onnx::NodeProto& proto_;
    std::vector<const Value*> inputs_;
};

using Outputs = std::vector<Value>;

struct Operator {
    const char* type;
    Outputs (*import)(const Call& call);
};

std::span<const Operator> layer_operators();
std::span<const Operator> pool_operators();
std::span<const Operator> activation_operators();
std::span<const Operator> arithmetic_operators();
std::span<const Operator> constant_operators();
std::span<const Operator> move_operators();

}  // namespace axfire::onnx_import
