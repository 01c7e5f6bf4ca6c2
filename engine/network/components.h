// SPDX-License-Identifier: Apache-2.0
// Strongly connected components of a directed graph.
#pragma once

#include <cstddef>
#include <vector>

namespace axfire {

/// targets[v] lists the nodes that v has an edge to. Returns the number of each node's component: two nodes have the
/// same number exactly if each reaches the other. No recursion, time O(nodes + edges). Source: R. Tarjan, Depth-first
/// search and linear graph algorithms, SIAM J. Comput. 1(2), 1972.
std::vector<std::size_t> strongly_connected_components(const std::vector<std::vector<std::size_t>>& targets);

}  // namespace axfire
