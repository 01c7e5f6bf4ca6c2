// SPDX-License-Identifier: Apache-2.0
// The ground of random networks: a list of nodes, their shapes, and random parameters.
#pragma once

#include <algorithm>

#include "tests/engine/reference_choices.h"
#include "tests/oracle/network/graph.h"

namespace axfire::test {

struct RandomParts : RandomChoices {
    Network network;
    std::vector<Shape> shape;  ///< of each node

    std::size_t add(NodeKind kind, Shape of, const std::vector<std::size_t>& sources) {
        // Random names, so that ties in the order of nodes are not broken by the order of the list.
        const std::string name = std::string(1, static_cast<char>('a' + index(26))) + std::to_string(index(100)) + "_" +
                                 std::to_string(network.nodes.size());
        network.nodes.push_back({name, std::move(kind)});
        shape.push_back(std::move(of));
        for (const std::size_t source : sources) {
            network.edges.push_back({source, network.nodes.size() - 1});
        }
        return network.nodes.size() - 1;
    }

    /// One for all, or one for each.
    std::vector<double> many(std::size_t count, double low, double high, const std::vector<double>& favourites = {}) {
        std::vector<double> v(chance(0.5) ? 1 : count);
        for (double& x : v) {
            x = !favourites.empty() && chance(0.4) ? pick(favourites) : real(low, high);
        }
        return v;
    }
    /// Times of a whole number of steps, give or take a third of one.
    std::vector<double> steps(std::size_t count, int low, int high) {
        const double dt = network.conventions.dt_ms / 1000;
        std::vector<double> v(chance(0.5) ? 1 : count);
        for (double& x : v) {
            const double whole = between(low, high);
            x = std::max(0.0, (whole + (chance(0.5) ? 0 : real(-0.35, 0.35))) * dt);
        }
        return v;
    }

    Tensor values(const Shape& of, double scale) {
        Tensor t{of, {}};
        for (std::size_t i = 0; i < element_count(of); ++i) {
            t.data.push_back(value(scale));
        }
        return t;
    }
    Tensor bias(std::size_t outputs) {
        if (chance(0.4)) {
            return {};
        }
        Tensor t = values({outputs}, 0.3);
        for (float& b : t.data) {
            b = chance(0.3) ? pick<float>({0, -0.0F}) : b;
        }
        if (chance(0.3)) {
            std::fill(t.data.begin(), t.data.end(), pick<float>({0, -0.0F}));
        }
        return t;
    }

    /// A node of one element takes the shape of a source, so all its sources must have the same.
    bool fits(const Shape& from, const Shape& to) const {
        return element_count(from) == element_count(to) && (element_count(to) != 1 || from == to);
    }
};

}  // namespace axfire::test
