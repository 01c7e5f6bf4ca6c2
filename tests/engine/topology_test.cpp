// SPDX-License-Identifier: Apache-2.0
// Random and deep graphs: what must hold of every topology.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "engine/network/components.h"
#include "engine/network/network.h"
#include "tests/support/named_topology.h"
#include "tests/support/networks.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

using testing::by_name;
using testing::if_neurons;
using testing::linear;
using testing::NamedTopology;
using testing::NetworkBuilder;

/// A random valid network: layers of projections and neurons, skips, feedback through projections, self-loops, delays.
Network random_network(std::mt19937_64& random) {
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    NetworkBuilder b;
    b.add("input", nodes::Input{{5}});
    const std::size_t layers = 2 + below(6);
    const auto layer = [](std::size_t i) { return "n" + std::to_string(i); };
    std::size_t paths = 0;
    const auto project = [&](const std::string& from, const std::string& to) {
        const std::string name = "p" + std::to_string(random() % 1000) + "_" + std::to_string(paths++);
        b.add(name, linear(5, 5));
        if (below(4) == 0) {
            b.add(name + "d", nodes::Delay{{5}, {0.002}}).chain({from, name + "d", name, to});
        } else {
            b.chain({from, name, to});
        }
    };
    for (std::size_t i = 0; i < layers; ++i) {
        b.add(layer(i), if_neurons(below(2) == 0 ? Shape{} : Shape{5}));
    }
    b.add("output", nodes::Output{});
    for (std::size_t i = 0; i < layers; ++i) {
        project(i == 0 ? "input" : layer(i - 1), layer(i));
        if (below(3) == 0) {
            project(layer(below(layers)), layer(i));
        }
        if (below(4) == 0) {
            b.edge(layer(i), layer(i));
        }
    }
    b.edge(layer(layers - 1), "output");
    return b.network;
}

TEST(Network, TopologyDoesNotDependOnTheOrderOfNodesAndEdges) {
    std::mt19937_64 random = testing::test_random();
    for (int round = 0; round < 200; ++round) {
        const Network network = random_network(random);
        const NamedTopology expected = by_name(network);
        for (int i = 0; i < 5; ++i) {
            ASSERT_EQ(by_name(testing::shuffled(network, random)), expected);
        }
    }
}

TEST(Network, TopologyKeepsEveryEdgeAndComputesSourcesFirst) {
    std::mt19937_64 random = testing::test_random();
    for (int round = 0; round < 200; ++round) {
        const Network network = random_network(random);
        const Topology t = analyse(network);
        std::vector<std::size_t> position(network.nodes.size());
        for (std::size_t i = 0; i < t.order.size(); ++i) {
            position[t.order[i]] = i;
        }
        std::multiset<Edge> edges;
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            for (const std::size_t source : t.feed_forward[i]) {
                edges.insert({source, i});
                if (type_name(network.nodes[i]) != "delay") {
                    EXPECT_LT(position[source], position[i]);
                }
            }
            for (const std::size_t source : t.recurrent[i]) {
                edges.insert({source, i});
                EXPECT_TRUE(emits_spikes(network.nodes[source]));
            }
        }
        EXPECT_EQ(edges, std::multiset<Edge>(network.edges.begin(), network.edges.end()));
    }
}

TEST(Components, AgreeWithMutualReachability) {
    std::mt19937_64 random = testing::test_random();
    for (int round = 0; round < 300; ++round) {
        const std::size_t count = 1 + random() % 12;
        std::vector<std::vector<std::size_t>> targets(count);
        std::vector<std::vector<bool>> reach(count, std::vector<bool>(count));
        for (std::size_t i = 0; i < count; ++i) {
            reach[i][i] = true;
        }
        for (std::size_t edges = random() % (2 * count); edges > 0; --edges) {
            const std::size_t from = random() % count;
            const std::size_t to = random() % count;
            targets[from].push_back(to);
            reach[from][to] = true;
        }
        for (std::size_t k = 0; k < count; ++k) {  // transitive closure (Warshall)
            for (std::size_t i = 0; i < count; ++i) {
                for (std::size_t j = 0; j < count; ++j) {
                    reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
                }
            }
        }
        const std::vector<std::size_t> component = strongly_connected_components(targets);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t j = 0; j < count; ++j) {
                ASSERT_EQ(component[i] == component[j], reach[i][j] && reach[j][i]);
            }
        }
    }
}

TEST(Components, ADeepGraphDoesNotOverflowTheStack) {
    constexpr std::size_t kCount = 300000;
    NetworkBuilder b;
    b.add("input", nodes::Input{{1}});
    for (std::size_t i = 0; i < kCount; ++i) {
        b.add(std::to_string(i), if_neurons({}));
        b.network.edges.push_back({i, i + 1});
    }
    b.add("output", nodes::Output{});
    b.network.edges.push_back({kCount, kCount + 1});
    b.network.edges.push_back({kCount, 1});  // one cycle through all neurons
    const Topology t = analyse(b.network);
    EXPECT_EQ(t.order.size(), kCount + 2);
    EXPECT_EQ(t.recurrent[1], std::vector<std::size_t>{kCount});
    EXPECT_EQ(t.recurrent[2], std::vector<std::size_t>{1});
    EXPECT_EQ(t.shape[kCount], Shape{1});
}

}  // namespace
}  // namespace axfire
