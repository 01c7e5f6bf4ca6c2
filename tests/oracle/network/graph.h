// SPDX-License-Identifier: Apache-2.0
// A network by the names of its nodes: which edges are recurrent, in which order a step goes, and the shapes.
#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "neurons/model_info.h"
#include "tests/oracle/network/shapes.h"

namespace axfire::oracle {

using Names = std::vector<std::string>;

struct Graph {
    std::map<std::string, const Node*> node;
    std::map<std::string, std::set<std::string>> reach;  ///< by a path of one edge or more
    Names order;
    std::map<std::string, Names> now;     ///< sources of this step, in the order of their sum
    std::map<std::string, Names> before;  ///< sources whose last step's spikes arrive, in the order of their sum
    std::map<std::string, Names>
        inputs;  ///< the sources in the node's own order, where it tells them apart, else as above
    std::map<std::string, Shape> shape;
    std::map<std::string, bool> events;  ///< what leaves the node are events

    bool cycle_through(const std::string& a, const std::string& b) const {
        return reach.at(a).count(b) != 0 && reach.at(b).count(a) != 0;
    }
};

inline bool fires(const Node& node) {
    if (const auto* neuron = std::get_if<nodes::Neuron>(&node.kind)) {
        return find_model(neuron->model.c_str())->spiking;
    }
    return std::holds_alternative<nodes::Threshold>(node.kind);
}

/// The node's shape, once those that it follows from are known; true if it is.
inline bool find_shape(Graph& g, const std::string& name) {
    const NodeKind& kind = g.node.at(name)->kind;
    const bool all = std::holds_alternative<nodes::Concat>(kind) || std::holds_alternative<nodes::Multiply>(kind);
    ShapeAfter after;
    for (const std::string& input : g.inputs.at(name)) {
        if (g.shape.count(input) != 0) {
            after.inputs.push_back(g.shape.at(input));
        }
    }
    if (after.inputs.size() < (all ? g.inputs.at(name).size() : g.inputs.at(name).empty() ? 0 : 1)) {
        return false;
    }
    after.in = after.inputs.empty() ? Shape{} : after.inputs[0];
    g.shape[name] = std::visit(after, kind);
    return true;
}

/// Nodes that hand their sources' signals on, of events where all of them are; every spiking node emits events.
inline bool hands_on(const NodeKind& kind) {
    const auto* pool = std::get_if<nodes::Pool2d>(&kind);
    return std::holds_alternative<nodes::Delay>(kind) || std::holds_alternative<nodes::Flatten>(kind) ||
           std::holds_alternative<nodes::Output>(kind) || std::holds_alternative<nodes::Reshape>(kind) ||
           std::holds_alternative<nodes::Rearrange>(kind) || std::holds_alternative<nodes::Concat>(kind) ||
           (pool != nullptr && pool->kind != nodes::Pool2d::Kind::average);
}

/// Whether events leave the node, once that is known of those that it follows from; true if it is.
inline bool find_events(Graph& g, const std::string& name, bool input_events) {
    const Node& node = *g.node.at(name);
    bool events = true;
    if (std::holds_alternative<nodes::Input>(node.kind)) {
        events = input_events;
    } else if (!hands_on(node.kind)) {
        events = fires(node);
    } else {
        for (const std::string& input : g.inputs.at(name)) {
            if (g.events.count(input) == 0) {
                return false;
            }
            events = events && g.events.at(input);
        }
    }
    g.events[name] = events;
    return true;
}

inline Graph graph_of(const Network& network, bool input_events) {
    Graph g;
    std::set<std::pair<std::string, std::string>> edges;
    for (const Node& node : network.nodes) {
        g.node[node.name] = &node;
        g.reach[node.name];
        g.now[node.name];
        g.before[node.name];
    }
    for (const Edge& edge : network.edges) {
        edges.insert({network.nodes[edge.from].name, network.nodes[edge.to].name});
        g.reach[network.nodes[edge.from].name].insert(network.nodes[edge.to].name);
    }
    for (const auto& [middle, unused] : g.node) {  // Warshall
        for (auto& [from, targets] : g.reach) {
            if (targets.count(middle) != 0) {
                const std::set<std::string> further = g.reach.at(middle);
                targets.insert(further.begin(), further.end());
            }
        }
    }

    // An edge inside a cycle is recurrent where it leaves a spiking node. A delay in a cycle speaks before it listens.
    const auto recurrent = [&](const auto& edge) {
        return g.cycle_through(edge.first, edge.second) && fires(*g.node.at(edge.first));
    };
    const auto must_precede = [&](const auto& edge) {
        const bool late = g.cycle_through(edge.first, edge.second) &&
                          std::holds_alternative<nodes::Delay>(g.node.at(edge.second)->kind);
        return !recurrent(edge) && !late;
    };
    std::set<std::string> left;
    for (const auto& [name, unused] : g.node) {
        left.insert(name);
    }
    while (!left.empty()) {
        std::string next;
        for (const std::string& name : left) {  // by ascending name
            bool ready = true;
            for (const auto& edge : edges) {
                ready = ready && !(edge.second == name && left.count(edge.first) != 0 && must_precede(edge));
            }
            if (ready) {
                next = name;
                break;
            }
        }
        if (next.empty()) {
            throw std::logic_error("a cycle without a spiking node and without a delay");
        }
        g.order.push_back(next);
        left.erase(next);
    }
    for (const std::string& from : g.order) {
        for (const auto& edge : edges) {
            if (edge.first == from) {
                (recurrent(edge) ? g.before : g.now)[edge.second].push_back(from);
            }
        }
    }

    for (const auto& [name, node] : g.node) {
        Names& inputs = g.inputs[name];
        if (const auto* concat = std::get_if<nodes::Concat>(&node->kind)) {
            inputs = concat->inputs;
        } else if (const auto* multiply = std::get_if<nodes::Multiply>(&node->kind)) {
            inputs = multiply->inputs;
        } else {
            inputs = g.now.at(name);
            inputs.insert(inputs.end(), g.before.at(name).begin(), g.before.at(name).end());
        }
    }

    // Shapes and kinds of signals spread from the input until nothing changes.
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto& [name, node] : g.node) {
            if (g.shape.count(name) == 0 && find_shape(g, name)) {
                changed = true;
            }
            if (g.events.count(name) == 0 && find_events(g, name, input_events)) {
                changed = true;
            }
        }
    }
    return g;
}

}  // namespace axfire::oracle
