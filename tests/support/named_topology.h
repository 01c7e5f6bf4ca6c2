// SPDX-License-Identifier: Apache-2.0
// A topology by names, which must not depend on the order of nodes and edges.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/networks.h"

namespace axfire::testing {

struct NamedTopology {
    std::vector<std::string> order;
    std::map<std::string, Shape> shape;
    std::map<std::string, std::vector<std::string>> feed_forward;
    std::map<std::string, std::vector<std::string>> recurrent;
    friend bool operator==(const NamedTopology&, const NamedTopology&) = default;
};

inline NamedTopology by_name(const Network& network) {
    const Topology topology = analyse(network);
    NamedTopology named;
    for (const std::size_t i : topology.order) {
        const std::string& name = network.nodes[i].name;
        named.order.push_back(name);
        named.shape[name] = topology.shape[i];
        for (const std::size_t source : topology.feed_forward[i]) {
            named.feed_forward[name].push_back(network.nodes[source].name);
        }
        for (const std::size_t source : topology.recurrent[i]) {
            named.recurrent[name].push_back(network.nodes[source].name);
        }
    }
    return named;
}

inline NamedTopology by_name(const NetworkBuilder& builder) {
    return by_name(builder.network);
}

}  // namespace axfire::testing
