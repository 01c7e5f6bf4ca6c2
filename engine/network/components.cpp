// SPDX-License-Identifier: Apache-2.0
#include "engine/network/components.h"

#include <algorithm>
#include <limits>

namespace axfire {
namespace {

constexpr std::size_t kUnseen = std::numeric_limits<std::size_t>::max();

/// A node under way and the edge to follow next.
struct Visit {
    std::size_t node;
    std::size_t next_edge;
};

}  // namespace

std::vector<std::size_t> strongly_connected_components(const std::vector<std::vector<std::size_t>>& targets) {
    const std::size_t count = targets.size();
    std::vector<std::size_t> component(count, kUnseen);
    std::vector<std::size_t> number(count, kUnseen);  // in order of discovery
    std::vector<std::size_t> lowest(count, 0);        // lowest number reached by tree edges and one edge back
    std::vector<std::size_t> open;                    // discovered, component not yet known
    std::vector<Visit> path;
    std::size_t discovered = 0;
    std::size_t components = 0;
    for (std::size_t root = 0; root < count; ++root) {
        if (number[root] != kUnseen) {
            continue;
        }
        path.push_back({root, 0});
        while (!path.empty()) {
            const auto [node, edge] = path.back();
            if (edge == 0) {
                number[node] = lowest[node] = discovered++;
                open.push_back(node);
            }
            if (edge < targets[node].size()) {
                ++path.back().next_edge;
                const std::size_t target = targets[node][edge];
                if (number[target] == kUnseen) {
                    path.push_back({target, 0});
                } else if (component[target] == kUnseen) {
                    lowest[node] = std::min(lowest[node], number[target]);
                }
                continue;
            }
            path.pop_back();
            if (!path.empty()) {
                lowest[path.back().node] = std::min(lowest[path.back().node], lowest[node]);
            }
            if (lowest[node] == number[node]) {
                while (component[node] == kUnseen) {
                    component[open.back()] = components;
                    open.pop_back();
                }
                ++components;
            }
        }
    }
    return component;
}

}  // namespace axfire
