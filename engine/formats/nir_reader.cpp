// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/nir_reader.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/formats/guarded_read.h"
#include "engine/formats/hdf5_reader.h"
#include "engine/formats/nir_nodes.h"

namespace axfire {
namespace {

constexpr int kMaxDepth = 32;  // of subgraphs; a damaged file may hold a group that contains itself
constexpr std::size_t kMaxNodes = 1000000;
constexpr std::size_t kMaxEdges = 10000000;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// What an edge may name: a node, or a subgraph by its two boundary nodes.
struct Ends {
    std::size_t target = kNone;  // where edges to it lead
    std::size_t source = kNone;  // where edges from it start
};

/// Reads the graphs of a file into one list of nodes. The input and output nodes of subgraphs are kept as boundaries
/// until all edges are known; then the edges on both sides of each are joined.
class NirImport {
public:
    explicit NirImport(const std::filesystem::path& path) : file_(path), name_(path.filename().string()) {}

    Network run(const Conventions& conventions) {
        if (!file_.is_group("/node") || !file_.has("/node/type")) {
            file_.fail("/node", "is missing or has no type; this is not a NIR file");
        }
        const std::string type = file_.text("/node/type");
        if (type != "NIRGraph") {
            file_.fail("/node/type", fmt::format("is '{}'; the whole must be a NIRGraph", type));
        }
        read_graph("/node", "", 0);
        if (!unsupported_.empty()) {
            file_.fail("/node", fmt::format("node types that are not supported: {}; supported are {}",
                                            fmt::join(unsupported_, ", "), supported_nir_types()));
        }
        join_boundaries();
        Network network;
        std::vector<std::size_t> index(nodes_.size());
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (!boundary_[i]) {
                index[i] = network.nodes.size();
                network.nodes.push_back(std::move(nodes_[i]));
            }
        }
        for (const Edge& edge : edges_) {
            network.edges.push_back({index[edge.from], index[edge.to]});
        }
        network.conventions = conventions;
        network.provenance = fmt::format("{} (NIR {})", name_, version());
        return network;
    }

private:
    std::string version() const {
        if (file_.has("/version")) {
            return file_.is_text("/version") ? file_.text("/version") : "?";
        }
        return file_.has_attribute("/", "version") ? file_.text_attribute("/", "version") : "?";
    }

    /// Returns the graph's own input and output node.
    Ends read_graph(const std::string& path, const std::string& prefix, int depth) {
        if (depth > kMaxDepth) {
            file_.fail(path, fmt::format("subgraphs are nested deeper than {}", kMaxDepth));
        }
        Ends own;
        const std::string members = path + "/nodes";
        for (const std::string& name : file_.children(members)) {
            const std::string at = members + "/" + name;
            if (!file_.is_group(at) || !file_.has(at + "/type")) {
                file_.fail(at, "has no type");
            }
            const std::string type = file_.text(at + "/type");
            if (type == "NIRGraph") {
                add_name(at, prefix + name, read_graph(at, prefix + name + ".", depth + 1));
            } else if (std::optional<NodeKind> kind = read_nir_node(file_, at, type)) {
                add_node(at, prefix + name, std::move(*kind), depth > 0, own);
            } else {
                unsupported_.push_back(fmt::format("'{}{}' ({})", prefix, name, type));
            }
        }
        if (unsupported_.empty()) {
            if (depth > 0 && (own.target == kNone || own.source == kNone)) {
                file_.fail(path, "a subgraph needs an input and an output node");
            }
            read_edges(path + "/edges", prefix);
        }
        return own;
    }

    void add_node(const std::string& at, const std::string& name, NodeKind kind, bool nested, Ends& own) {
        if (nodes_.size() >= kMaxNodes) {
            file_.fail(at, fmt::format("the network has more than {} nodes", kMaxNodes));
        }
        const bool is_input = std::holds_alternative<nodes::Input>(kind);
        const bool is_output = std::holds_alternative<nodes::Output>(kind);
        if (nested && (is_input || is_output)) {
            std::size_t& end = is_input ? own.target : own.source;
            if (end != kNone) {
                file_.fail(at, fmt::format("is a second {} of a subgraph; one of each is supported",
                                           is_input ? "input" : "output"));
            }
            end = nodes_.size();
        }
        add_name(at, name, {nodes_.size(), nodes_.size()});
        boundary_.push_back(nested && (is_input || is_output));
        nodes_.push_back({name, std::move(kind)});
    }

    void add_name(const std::string& at, const std::string& name, Ends ends) {
        if (!ends_.emplace(name, ends).second) {
            file_.fail(at, fmt::format("its full name '{}' is that of another node too", name));
        }
    }

    /// E x 2 names (numbers in early files). Edges are a set: a repeated one counts once.
    void read_edges(const std::string& path, const std::string& prefix) {
        std::vector<std::string> names;
        hdf5::Dims dims;
        if (file_.is_text(path)) {
            Hdf5Array<std::string> array = file_.texts(path);
            dims = std::move(array.dims);
            names = std::move(array.values);
        } else {
            const Hdf5Array<double> array = file_.doubles(path);
            dims = array.dims;
            for (const double value : array.values) {
                names.push_back(fmt::format("{}", value));
            }
        }
        if (!names.empty() && (dims.size() != 2 || dims[1] != 2)) {
            file_.fail(path, fmt::format("has the shape {}; it must be edges x 2", to_string(dims)));
        }
        for (std::size_t i = 0; i + 1 < names.size(); i += 2) {
            for (const std::string& name : {names[i], names[i + 1]}) {
                if (!ends_.contains(prefix + name)) {
                    file_.fail(path, fmt::format("the edge '{}' -> '{}' names '{}', but there is no such node",
                                                 names[i], names[i + 1], name));
                }
            }
            edges_.insert({ends_.at(prefix + names[i]).source, ends_.at(prefix + names[i + 1]).target});
        }
    }

    void join_boundaries() {
        std::vector<std::set<std::size_t>> sources(nodes_.size());
        std::vector<std::set<std::size_t>> targets(nodes_.size());
        std::size_t count = edges_.size();
        for (const Edge& edge : edges_) {
            sources[edge.to].insert(edge.from);
            targets[edge.from].insert(edge.to);
        }
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            if (!boundary_[i]) {
                continue;
            }
            if (targets[i].contains(i)) {
                file_.fail("/node", fmt::format("the boundary '{}' of a subgraph feeds itself", nodes_[i].name));
            }
            count += sources[i].size() * targets[i].size();
            if (count > kMaxEdges) {
                file_.fail("/node", fmt::format("the network has more than {} edges", kMaxEdges));
            }
            for (const std::size_t source : sources[i]) {
                targets[source].erase(i);
                targets[source].insert(targets[i].begin(), targets[i].end());
            }
            for (const std::size_t target : targets[i]) {
                sources[target].erase(i);
                sources[target].insert(sources[i].begin(), sources[i].end());
            }
            targets[i].clear();
        }
        edges_.clear();
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            for (const std::size_t target : targets[i]) {
                edges_.insert(edges_.end(), {i, target});
            }
        }
    }

    Hdf5Reader file_;
    std::string name_;
    std::vector<Node> nodes_;
    std::vector<bool> boundary_;
    std::map<std::string, Ends> ends_;
    std::set<Edge> edges_;
    std::vector<std::string> unsupported_;
};

}  // namespace

Network parse_nir(const std::filesystem::path& file, const NirOptions& options) {
    return NirImport(file).run(options.conventions);
}

Network read_nir(const std::filesystem::path& file, const NirOptions& options) {
    return guarded_read(file, [&] { return parse_nir(file, options); });
}

}  // namespace axfire
