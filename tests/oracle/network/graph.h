// SPDX-License-Identifier: Apache-2.0
// A network by the names of its nodes: which edges are recurrent, in which order a step goes, and the shapes.
#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "engine/network/network.h"
#include "neurons/model_info.h"

namespace axfire::oracle {

using Names = std::vector<std::string>;

struct Graph {
    std::map<std::string, const Node*> node;
    std::map<std::string, std::set<std::string>> reach;  ///< by a path of one edge or more
    Names order;
    std::map<std::string, Names> now;     ///< sources of this step, in the order of their sum
    std::map<std::string, Names> before;  ///< sources whose last step's spikes arrive, in the order of their sum
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

/// Channels, height, width; an image without channels has one.
inline Shape as_image(const Shape& shape) {
    if (shape.size() != 2 && shape.size() != 3) {
        throw std::logic_error("no image: " + to_string(shape));
    }
    return shape.size() == 2 ? Shape{1, shape[0], shape[1]} : shape;
}

inline std::size_t windows(std::size_t extent, std::size_t window, std::size_t stride) {
    std::size_t count = 0;
    for (std::size_t start = 0; start + window <= extent; start += stride) {
        ++count;
    }
    return count;
}

struct ShapeAfter {
    Shape in;

    static Shape own_unless_one(const Shape& own, const Shape& in) { return element_count(own) == 1 ? in : own; }
    Shape operator()(const nodes::Input& x) const { return x.shape; }
    Shape operator()(const nodes::Output&) const { return in; }
    Shape operator()(const nodes::Linear& x) const { return {x.weight.shape[0]}; }
    Shape operator()(const nodes::Conv2d& x) const {
        const Shape image = as_image(in);
        const auto extent = [&](std::size_t axis) {
            return windows(image[axis + 1] + x.pad_begin[axis] + x.pad_end[axis],
                           (x.weight.shape[axis + 2] - 1) * x.dilation[axis] + 1, x.stride[axis]);
        };
        return {x.weight.shape[0], extent(0), extent(1)};
    }
    Shape operator()(const nodes::Pool2d& x) const {
        const Shape image = as_image(in);
        const auto extent = [&](std::size_t axis) {
            return windows(image[axis + 1] + x.pad_begin[axis] + x.pad_end[axis], x.kernel[axis], x.stride[axis]);
        };
        return {image[0], extent(0), extent(1)};
    }
    Shape operator()(const nodes::Flatten& x) const {
        const int rank = static_cast<int>(in.size());
        const int first = x.start_dim < 0 ? rank + x.start_dim : x.start_dim;
        const int last = x.end_dim < 0 ? rank + x.end_dim : x.end_dim;
        Shape out;
        for (int axis = 0; axis < rank; ++axis) {
            if (axis > first && axis <= last) {
                out.back() *= in[axis];
            } else {
                out.push_back(in[axis]);
            }
        }
        return out;
    }
    template <class Other>
    Shape operator()(const Other&) const {
        throw std::logic_error("the reference does not know this node");
    }
    Shape operator()(const nodes::Scale& x) const { return own_unless_one(x.scale.shape, in); }
    Shape operator()(const nodes::Threshold& x) const { return own_unless_one(x.threshold.shape, in); }
    Shape operator()(const nodes::Delay& x) const { return own_unless_one(x.shape, in); }
    Shape operator()(const nodes::Neuron& x) const { return own_unless_one(x.shape, in); }
};

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

    // Shapes and kinds of signals spread from the input until nothing changes.
    for (bool changed = true; changed;) {
        changed = false;
        for (const auto& [name, node] : g.node) {
            if (g.shape.count(name) != 0) {
                continue;
            }
            if (std::holds_alternative<nodes::Input>(node->kind)) {
                g.shape[name] = ShapeAfter{}(std::get<nodes::Input>(node->kind));
                g.events[name] = input_events;
                changed = true;
            }
            for (const auto& edge : edges) {
                if (edge.second != name || g.shape.count(edge.first) == 0 || g.shape.count(name) != 0) {
                    continue;
                }
                g.shape[name] = std::visit(ShapeAfter{g.shape.at(edge.first)}, node->kind);
                const auto* pool = std::get_if<nodes::Pool2d>(&node->kind);
                const bool hands_on = std::holds_alternative<nodes::Delay>(node->kind) ||
                                      std::holds_alternative<nodes::Flatten>(node->kind) ||
                                      std::holds_alternative<nodes::Output>(node->kind) ||
                                      (pool != nullptr && pool->kind == nodes::Pool2d::Kind::sum);
                g.events[name] = fires(*node) || (hands_on && g.events.at(edge.first));
                changed = true;
            }
        }
    }
    return g;
}

}  // namespace axfire::oracle
