// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/onnx/reader.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/stubs/logging.h>

#include "arith/error.h"
#include "engine/formats/onnx/importer.h"
#include "engine/network/simplify.h"

namespace axfire {

namespace {

using namespace onnx_import;

constexpr std::int64_t kFirstOpset = 9;
constexpr std::int64_t kLastOpset = 20;

onnx::ModelProto read_message(const std::filesystem::path& file) {
    google::protobuf::LogSilencer silent;
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        throw InputError("cannot be read");
    }
    google::protobuf::io::IstreamInputStream stream(&in);
    google::protobuf::io::CodedInputStream coded(&stream);
    coded.SetTotalBytesLimit(std::numeric_limits<int>::max());
    onnx::ModelProto model;
    if (!model.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage()) {
        throw InputError("is not an ONNX model, or is damaged");
    }
    if (!model.has_graph() || model.graph().node_size() == 0) {
        throw InputError("is not an ONNX model: it has no graph");
    }
    return model;
}

std::int64_t opset_of(const onnx::ModelProto& model) {
    for (const auto& set : model.opset_import()) {
        if (set.domain().empty() || set.domain() == "ai.onnx") {
            if (set.version() < kFirstOpset || set.version() > kLastOpset) {
                throw InputError(
                    fmt::format("has the opset {}; {} to {} are supported: export it with another "
                                "opset_version, or convert it with onnx.version_converter",
                                set.version(), kFirstOpset, kLastOpset));
            }
            return set.version();
        }
    }
    throw InputError("imports no opset of the standard operators");
}

const Operator* find_operator(const onnx::NodeProto& node) {
    if (!node.domain().empty() && node.domain() != "ai.onnx") {
        return nullptr;
    }
    for (const auto& table : {layer_operators(), pool_operators(), activation_operators(), arithmetic_operators(),
                              constant_operators(), move_operators()}) {
        for (const Operator& op : table) {
            if (node.op_type() == op.type) {
                return &op;
            }
        }
    }
    return nullptr;
}

/// Walks the graph once, in the order that ONNX guarantees: a node comes after those that it uses.
class Graph {
public:
    Graph(const onnx::ModelProto& model, const std::filesystem::path& file, Network& network)
        : graph_(model.graph()),
          opset_(opset_of(model)),
          folder_(file.parent_path()),
          network_(network),
          importer_(network, folder_) {}

    void import() {
        if (graph_.output_size() != 1) {
            throw InputError(fmt::format("has {} outputs{}; exactly one is supported", graph_.output_size(),
                                         names(graph_.output())));
        }
        for (const onnx::TensorProto& tensor : graph_.initializer()) {
            initialisers_[tensor.name()] = &tensor;
        }
        if (graph_.sparse_initializer_size() != 0) {
            throw InputError("has sparse initialisers, which are not supported");
        }
        mark_needed();
        check_supported();
        add_input();
        for (const onnx::NodeProto* node : needed_) {
            import_node(*node);
        }
        const auto result = values_.find(graph_.output(0).name());
        if (result == values_.end() || !std::holds_alternative<Signal>(result->second)) {
            throw InputError(fmt::format("its output '{}' does not depend on its input", graph_.output(0).name()));
        }
        const Signal& signal = std::get<Signal>(result->second);
        importer_.add("output", nodes::Output{shape_of(signal.dims)}, {signal.node});
    }

private:
    template <class List>
    static std::string names(const List& list) {
        std::string text;
        for (const auto& entry : list) {
            text += (text.empty() ? " (" : ", ") + entry.name();
        }
        return text.empty() ? text : text + ")";
    }

    static std::string name_of(const onnx::NodeProto& node) {
        return !node.name().empty() ? node.name() : fmt::format("{}.{}", node.op_type(), node.output(0));
    }

    /// The nodes that the output depends on, in order, and how often each tensor is used by them.
    void mark_needed() {
        std::set<std::string> wanted{graph_.output(0).name()};
        ++uses_[graph_.output(0).name()];
        for (int i = graph_.node_size(); i-- > 0;) {
            const onnx::NodeProto& node = graph_.node(i);
            if (std::none_of(node.output().begin(), node.output().end(),
                             [&](const std::string& name) { return !name.empty() && wanted.contains(name); })) {
                continue;
            }
            needed_.push_back(&node);
            for (const std::string& name : node.input()) {
                wanted.insert(name);
                ++uses_[name];
            }
        }
        std::reverse(needed_.begin(), needed_.end());
    }

    void check_supported() const {
        std::map<std::string, std::vector<std::string>> unknown;
        for (const onnx::NodeProto* node : needed_) {
            if (find_operator(*node) == nullptr) {
                const std::string domain = node->domain().empty() ? "" : node->domain() + ".";
                unknown[domain + node->op_type()].push_back("'" + name_of(*node) + "'");
            }
        }
        std::string text;
        for (const auto& [type, nodes] : unknown) {
            const std::size_t shown = std::min<std::size_t>(nodes.size(), 8);
            text += fmt::format("{}{} ({}{})", text.empty() ? "" : "; ", type,
                                fmt::join(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                                shown < nodes.size() ? fmt::format(" and {} more", nodes.size() - shown) : "");
        }
        if (!text.empty()) {
            throw InputError(fmt::format("uses operators that are not supported: {}", text));
        }
    }

    /// The one input that is no initialiser (older files list those too).
    void add_input() {
        std::vector<const onnx::ValueInfoProto*> inputs;
        for (const onnx::ValueInfoProto& input : graph_.input()) {
            if (!initialisers_.contains(input.name()) && uses_.contains(input.name())) {
                inputs.push_back(&input);
            }
        }
        if (inputs.size() != 1) {
            std::vector<std::string> found;
            for (const auto* input : inputs) {
                found.push_back(input->name());
            }
            throw InputError(fmt::format("has {} inputs{}; exactly one is supported", inputs.size(),
                                         found.empty() ? "" : fmt::format(" ({})", fmt::join(found, ", "))));
        }
        const onnx::ValueInfoProto& input = *inputs[0];
        Dims dims;
        for (const auto& dim : input.type().tensor_type().shape().dim()) {
            dims.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
        }
        if (dims.size() < 2) {
            throw InputError(fmt::format("its input '{}' has {} axes; it needs the batch and at least one more",
                                         input.name(), dims.size()));
        }
        importer_.batch = dims[0];
        dims[0] = 1;
        for (const std::int64_t extent : dims) {
            if (extent < 1) {
                throw InputError(
                    fmt::format("its input '{}' has an axis without a fixed extent: export the model with "
                                "the sizes of a sample given (the batch may be free)",
                                input.name()));
            }
        }
        count(dims);
        values_.emplace(input.name(), Signal{importer_.add("input", nodes::Input{shape_of(dims)}, {}), dims});
    }

    const Value* value(const std::string& name) {
        if (name.empty()) {
            return nullptr;
        }
        if (const auto it = values_.find(name); it != values_.end()) {
            return &it->second;
        }
        const auto tensor = initialisers_.find(name);
        if (tensor == initialisers_.end()) {
            throw InputError(fmt::format("the tensor '{}' is used before any node or initialiser gives it", name));
        }
        return &values_.emplace(name, read_tensor(*tensor->second, folder_)).first->second;
    }

    void import_node(const onnx::NodeProto& node) {
        const std::string name = name_of(node);
        std::vector<const Value*> inputs;
        for (const std::string& input : node.input()) {
            inputs.push_back(value(input));
        }
        const Call call(importer_, node, opset_, name, std::move(inputs));
        Outputs outputs;
        try {
            outputs = find_operator(node)->import(call);
        } catch (const InputError& error) {
            const std::string text = error.what();
            const std::string head = node.op_type() + " '" + name + "'";
            if (text.starts_with(head)) {
                throw;
            }
            throw InputError(fmt::format("{}: {}", head, text));
        }
        for (int i = 0; i < node.output_size(); ++i) {
            if (node.output(i).empty()) {
                continue;
            }
            if (static_cast<std::size_t>(i) < outputs.size()) {
                if (!values_.emplace(node.output(i), std::move(outputs[static_cast<std::size_t>(i)])).second) {
                    throw InputError(fmt::format("the tensor '{}' is given twice", node.output(i)));
                }
            } else if (uses_.contains(node.output(i))) {
                call.fail(fmt::format("its output {} is used, which is not supported", i));
            }
        }
        release(node);
    }

    /// Big constants are dropped once all that use them are imported.
    void release(const onnx::NodeProto& node) {
        for (const std::string& name : node.input()) {
            const auto at = remaining_.try_emplace(name, uses_[name]).first;
            const auto it = values_.find(name);
            if (--at->second == 0 && it != values_.end() && std::holds_alternative<Constant>(it->second)) {
                values_.erase(it);
            }
        }
    }

    const onnx::GraphProto& graph_;
    std::int64_t opset_;
    std::filesystem::path folder_;
    Network& network_;
    Importer importer_;
    std::map<std::string, const onnx::TensorProto*> initialisers_;
    std::map<std::string, Value> values_;
    std::map<std::string, std::size_t> uses_, remaining_;
    std::vector<const onnx::NodeProto*> needed_;
};

}  // namespace

bool is_onnx(const std::filesystem::path& file) {
    return file.extension() == ".onnx";
}

Network parse_onnx(const std::filesystem::path& file) {
    try {
        const onnx::ModelProto model = read_message(file);
        Network network;
        Graph(model, file, network).import();
        merge_biases(network);
        merge_sums(network);
        network.provenance = fmt::format("{} (ONNX, opset {}{})", file.filename().string(), opset_of(model),
                                         model.producer_name().empty()
                                             ? ""
                                             : fmt::format(", {} {}", model.producer_name(), model.producer_version()));
        return network;
    } catch (const InputError& error) {
        throw InputError(fmt::format("{}: {}", file.string(), error.what()));
    }
}

}  // namespace axfire
