// SPDX-License-Identifier: Apache-2.0
// The order in which a network is trained through.
#pragma once

#include <vector>

#include "engine/network/network.h"
#include "engine/simulation/stage.h"

namespace axfire::train {

/// The node that a source's signal really comes from.
struct Origin {
    std::size_t node;
    bool previous;  ///< its last step's spikes are meant
};

/// Nodes that a sample passes through for all of its steps before any later level. Batch normalisation looks at all
/// samples at once, so it comes between levels.
struct Level {
    std::vector<std::size_t> norms;  ///< batch normalisations, whose sources lie in earlier levels
    std::vector<std::size_t> nodes;  ///< the others with something to compute, in topological order
};

struct Graph {
    Topology topology;
    std::vector<std::vector<Origin>> sources;  ///< by node: feed-forward ones, then recurrent ones
    std::vector<std::vector<Port>> ports;      ///< by node: of ordered_inputs()
    std::vector<bool> events;                  ///< by node: emits events
    std::vector<bool> steady;                  ///< by node: the same in every step, as its input is
    std::vector<bool> remembered;              ///< by node: its last step's spikes are needed
    std::vector<bool> learns;                  ///< by node: has parameters, or one before it has
    std::vector<std::size_t> level_of;         ///< by node
    std::vector<Level> levels;
    std::size_t input = 0;
    std::size_t output = 0;         ///< the node whose signal leaves
    std::vector<std::size_t> size;  ///< by node: elements
};

/// True for nodes whose tensors are trained.
bool has_parameters(const Node& node);

/// `input_events`: the input node emits events. `constant_input`: what is steady may be computed once. Throws
/// InputError for a network that cannot be trained: a node without a gradient, batch normalisation in a cycle.
Graph build_graph(const Network& network, bool input_events, bool constant_input);

}  // namespace axfire::train
