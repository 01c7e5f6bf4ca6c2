// SPDX-License-Identifier: Apache-2.0
#include "engine/train/graph.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/network/check.h"
#include "engine/simulation/signal_kind.h"

namespace axfire::train {

namespace {

template <class T>
bool is(const Node& node) {
    return std::holds_alternative<T>(node.kind);
}

Origin origin_of(const Network& network, const Topology& topology, std::size_t node) {
    while (passes(network.nodes[node])) {
        if (topology.feed_forward[node].empty()) {
            return {topology.recurrent[node].front(), true};
        }
        node = topology.feed_forward[node].front();
    }
    return {node, false};
}

void find_sources(const Network& network, Graph& graph) {
    const std::size_t count = network.nodes.size();
    graph.sources.resize(count);
    graph.ports.resize(count);
    graph.remembered.resize(count);
    for (std::size_t n = 0; n < count; ++n) {
        std::vector<std::size_t> given = graph.topology.feed_forward[n];
        for (const std::size_t s : given) {
            graph.sources[n].push_back(origin_of(network, graph.topology, s));
        }
        for (const std::size_t s : graph.topology.recurrent[n]) {
            graph.sources[n].push_back({s, true});
            given.push_back(s);
        }
        for (const Origin& o : graph.sources[n]) {
            graph.remembered[o.node] = graph.remembered[o.node] || o.previous;
        }
        const std::vector<std::string>* inputs = ordered_inputs(network.nodes[n]);
        for (std::size_t i = 0; inputs != nullptr && i < inputs->size(); ++i) {
            const auto at = std::find_if(given.begin(), given.end(),
                                         [&](std::size_t s) { return network.nodes[s].name == (*inputs)[i]; });
            graph.ports[n].push_back({static_cast<std::size_t>(at - given.begin()), graph.topology.shape[*at],
                                      static_cast<bool>(graph.events[*at])});
        }
    }
}

void find_events(const Network& network, bool input_events, Graph& graph) {
    const std::size_t count = network.nodes.size();
    graph.events.resize(count);
    for (std::size_t n = 0; n < count; ++n) {
        graph.events[n] = emits_spikes(network.nodes[n]);
    }
    for (const std::size_t n : graph.topology.order) {
        bool all = true;
        for (const auto* sources : {&graph.topology.feed_forward[n], &graph.topology.recurrent[n]}) {
            all = all && std::all_of(sources->begin(), sources->end(), [&](std::size_t s) { return graph.events[s]; });
        }
        graph.events[n] = is<nodes::Input>(network.nodes[n]) ? input_events : emits_events(network.nodes[n], all);
    }
}

void find_steady(const Network& network, bool constant_input, Graph& graph) {
    graph.steady.resize(network.nodes.size());
    for (const std::size_t n : graph.topology.order) {
        const Node& node = network.nodes[n];
        const auto steady = [&](const Origin& o) { return !o.previous && graph.steady[o.node]; };
        graph.steady[n] = is<nodes::Input>(node)
                              ? constant_input && !graph.events[n]
                              : std::all_of(graph.sources[n].begin(), graph.sources[n].end(), steady) &&
                                    !graph.events[n] && !keeps_state(node) && !graph.remembered[n];
    }
}

/// The level of a node is that of its latest source, and one more for a batch normalisation or behind one's own level.
void find_levels(const Network& network, Graph& graph) {
    const std::size_t count = network.nodes.size();
    graph.level_of.assign(count, 0);
    bool changed = true;
    for (std::size_t round = 0; changed; ++round) {
        if (round > count) {
            throw InputError("a batch normalisation of a cycle cannot be trained: it needs all samples at once");
        }
        changed = false;
        for (const std::size_t n : graph.topology.order) {
            std::size_t level = 0;
            for (const Origin& o : graph.sources[n]) {
                level = std::max(level, graph.level_of[o.node]);
            }
            level += is<nodes::BatchNorm>(network.nodes[n]) ? 1 : 0;
            changed = changed || level != graph.level_of[n];
            graph.level_of[n] = level;
        }
    }
    graph.levels.resize(*std::max_element(graph.level_of.begin(), graph.level_of.end()) + 1);
    for (const std::size_t n : graph.topology.order) {
        const Node& node = network.nodes[n];
        if (is<nodes::Input>(node) || passes(node)) {
            continue;
        }
        Level& level = graph.levels[graph.level_of[n]];
        (is<nodes::BatchNorm>(node) ? level.norms : level.nodes).push_back(n);
    }
}

void check_trainable(const Network& network, const Graph& graph) {
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        const Node& node = network.nodes[n];
        if (is<nodes::Lrn>(node) || is<nodes::Threshold>(node) || is<nodes::Delay>(node)) {
            throw InputError(fmt::format("{}: training through this kind of node is not supported", describe(node)));
        }
        const auto* pool = std::get_if<nodes::Pool2d>(&node.kind);
        if (pool != nullptr && pool->kind == nodes::Pool2d::Kind::maximum && graph.events[graph.sources[n][0].node]) {
            throw InputError(
                fmt::format("{}: maximum pooling of spikes cannot be trained through; take sum or average "
                            "pooling, or pool before the neurons",
                            describe(node)));
        }
    }
    if (std::none_of(network.nodes.begin(), network.nodes.end(), has_parameters)) {
        throw InputError("the network has no weights to train");
    }
}

}  // namespace

bool has_parameters(const Node& node) {
    return is<nodes::Linear>(node) || is<nodes::Conv2d>(node) || is<nodes::BatchNorm>(node) || is<nodes::Scale>(node) ||
           is<nodes::Bias>(node);
}

Graph build_graph(const Network& network, bool input_events, bool constant_input) {
    Graph graph;
    graph.topology = analyse(network);
    for (const Shape& shape : graph.topology.shape) {
        graph.size.push_back(element_count(shape));
    }
    find_events(network, input_events, graph);
    find_sources(network, graph);
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        graph.input = is<nodes::Input>(network.nodes[n]) ? n : graph.input;
        graph.output = is<nodes::Output>(network.nodes[n]) ? origin_of(network, graph.topology, n).node : graph.output;
    }
    check_trainable(network, graph);
    find_steady(network, constant_input, graph);
    find_levels(network, graph);
    graph.learns.resize(network.nodes.size());
    for (bool changed = true; changed;) {  // once more around each cycle
        changed = false;
        for (const std::size_t n : graph.topology.order) {
            bool learns = has_parameters(network.nodes[n]);
            for (const Origin& o : graph.sources[n]) {
                learns = learns || graph.learns[o.node];
            }
            changed = changed || learns != graph.learns[n];
            graph.learns[n] = learns;
        }
    }
    return graph;
}

}  // namespace axfire::train
