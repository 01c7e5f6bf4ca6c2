// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <queue>
#include <string_view>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/network/check.h"
#include "engine/network/components.h"
#include "engine/network/network.h"
#include "engine/network/shapes.h"

namespace axfire {
namespace {

using Lists = std::vector<std::vector<std::size_t>>;

/// The graph by node indices, and what each edge means for the order within a step.
struct Graph {
    Lists targets;  ///< all edges
    Lists before;   ///< before[v]: sources that must be computed before v
    Lists after;    ///< after[v]: the nodes that have v in `before`
    Topology topology;
};

Graph build_graph(const Network& network) {
    const std::size_t count = network.nodes.size();
    Graph graph{Lists(count), Lists(count), Lists(count), {}};
    graph.topology.feed_forward.resize(count);
    graph.topology.recurrent.resize(count);
    for (const Edge& edge : network.edges) {
        graph.targets[edge.from].push_back(edge.to);
    }
    const std::vector<std::size_t> component = strongly_connected_components(graph.targets);
    for (const Edge& edge : network.edges) {
        const bool inside = component[edge.from] == component[edge.to];
        if (inside && emits_spikes(network.nodes[edge.from])) {
            graph.topology.recurrent[edge.to].push_back(edge.from);
            continue;
        }
        graph.topology.feed_forward[edge.to].push_back(edge.from);
        // A delay of a cycle emits before it accepts, so its source may come after it.
        if (!(inside && std::holds_alternative<nodes::Delay>(network.nodes[edge.to].kind))) {
            graph.before[edge.to].push_back(edge.from);
            graph.after[edge.from].push_back(edge.to);
        }
    }
    return graph;
}

void check_reachable(const Network& network, const Lists& targets) {
    std::vector<bool> reached(network.nodes.size());
    std::vector<std::size_t> pending;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        if (std::holds_alternative<nodes::Input>(network.nodes[i].kind)) {
            pending.push_back(i);
            reached[i] = true;
        }
    }
    while (!pending.empty()) {
        const std::size_t node = pending.back();
        pending.pop_back();
        for (const std::size_t target : targets[node]) {
            if (!reached[target]) {
                reached[target] = true;
                pending.push_back(target);
            }
        }
    }
    std::vector<std::string> lost;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        if (!reached[i]) {
            lost.push_back("'" + network.nodes[i].name + "'");
        }
    }
    if (!lost.empty()) {
        std::sort(lost.begin(), lost.end());
        throw InputError(fmt::format("the input does not reach the node{} {}; connect or remove {}",
                                     lost.size() == 1 ? "" : "s", fmt::join(lost, ", "),
                                     lost.size() == 1 ? "it" : "them"));
    }
}

/// Throws with the nodes of a cycle among those not in `ordered`, starting at its first name.
[[noreturn]] void report_cycle(const Network& network, const Graph& graph, const std::vector<bool>& ordered) {
    const auto by_name = [&](std::size_t a, std::size_t b) { return network.nodes[a].name < network.nodes[b].name; };
    // Every node left over has a source left over: walking back must meet itself.
    std::size_t node = network.nodes.size();
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        if (!ordered[i] && (node == network.nodes.size() || by_name(i, node))) {
            node = i;
        }
    }
    std::vector<std::size_t> walk;
    std::vector<bool> seen(network.nodes.size());
    while (!seen[node]) {
        seen[node] = true;
        walk.push_back(node);
        std::vector<std::size_t> sources;
        std::copy_if(graph.before[node].begin(), graph.before[node].end(), std::back_inserter(sources),
                     [&](std::size_t source) { return !ordered[source]; });
        node = *std::min_element(sources.begin(), sources.end(), by_name);
    }
    walk.erase(walk.begin(), std::find(walk.begin(), walk.end(), node));
    std::reverse(walk.begin(), walk.end());
    std::rotate(walk.begin(), std::min_element(walk.begin(), walk.end(), by_name), walk.end());
    std::string text;
    for (const std::size_t i : walk) {
        text += "'" + network.nodes[i].name + "' -> ";
    }
    throw InputError(
        fmt::format("the cycle {}'{}' has neither a spiking node nor a delay, so that a step has no order; "
                    "put a delay node into it",
                    text, network.nodes[walk.front()].name));
}

/// Kahn's algorithm; of several nodes that could come next, the one with the least name does.
std::vector<std::size_t> order_nodes(const Network& network, const Graph& graph) {
    const auto later = [&](std::size_t a, std::size_t b) { return network.nodes[a].name > network.nodes[b].name; };
    std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> ready(later);
    std::vector<std::size_t> waiting_for(network.nodes.size());
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        waiting_for[i] = graph.before[i].size();
        if (waiting_for[i] == 0) {
            ready.push(i);
        }
    }
    std::vector<std::size_t> order;
    std::vector<bool> ordered(network.nodes.size());
    while (!ready.empty()) {
        const std::size_t node = ready.top();
        ready.pop();
        order.push_back(node);
        ordered[node] = true;
        for (const std::size_t target : graph.after[node]) {
            if (--waiting_for[target] == 0) {
                ready.push(target);
            }
        }
    }
    if (order.size() != network.nodes.size()) {
        report_cycle(network, graph, ordered);
    }
    return order;
}

}  // namespace

Topology analyse(const Network& network) {
    check_graph(network);
    for (const Node& node : network.nodes) {
        check_node(node);
    }
    Graph graph = build_graph(network);
    check_reachable(network, graph.targets);
    Topology topology = std::move(graph.topology);
    topology.order = order_nodes(network, graph);
    std::vector<std::size_t> position(network.nodes.size());
    for (std::size_t i = 0; i < topology.order.size(); ++i) {
        position[topology.order[i]] = i;
    }
    for (auto* lists : {&topology.feed_forward, &topology.recurrent}) {
        for (std::vector<std::size_t>& sources : *lists) {
            std::sort(sources.begin(), sources.end(),
                      [&](std::size_t a, std::size_t b) { return position[a] < position[b]; });
        }
    }
    topology.shape = infer_shapes(network, topology);
    return topology;
}

}  // namespace axfire
