// SPDX-License-Identifier: Apache-2.0
// What can be said of each node of a network without looking at shapes.
#pragma once

#include <string>

#include "engine/network/network.h"

namespace axfire {

/// "the node 'fc' (affine)", for messages.
std::string describe(const Node& node);

/// Names, edges, and how many sources each node has. Throws InputError.
void check_graph(const Network& network);

/// The node's own numbers: extents of weights, strides, groups, names and ranges of neuron parameters. Throws
/// InputError.
void check_node(const Node& node);

}  // namespace axfire
