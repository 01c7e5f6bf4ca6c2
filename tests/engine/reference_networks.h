// SPDX-License-Identifier: Apache-2.0
// Random small networks of every kind of node.
#pragma once

#include "tests/engine/random_conventional.h"

namespace axfire::test {

class RandomNetwork : private RandomConventional {
public:
    explicit RandomNetwork(std::mt19937_64 generator) { random = std::move(generator); }

    using RandomConventional::network;
    bool input_events = true;

    /// Input, six to fourteen further nodes, up to four ways back, output; nodes and edges in random order.
    void build() {
        special_values = chance(0.15);
        conventions();
        input_events = chance(0.6);
        const Shape input = pick<Shape>({{3}, {7}, {2, 5, 6}, {3, 4, 4}, {1, 6, 5}, {5, 4}, {2, 7, 7}});
        input_shape_ = input;
        add(nodes::Input{input}, input, {});
        const int count = between(6, 14);
        for (int i = 0; i < count; ++i) {
            extend();
        }
        const int back = between(0, 4);
        for (int i = 0; i < back; ++i) {
            way_back();
        }
        const std::size_t end = chance(0.6) ? network.nodes.size() - 1 : index(network.nodes.size());
        add(nodes::Output{chance(0.5) ? shape[end] : Shape{}}, shape[end], {end});
        readouts_ = readouts_of(network.nodes[end]);
        lengthen_delays_of_cycles();
        shuffle();
    }

    EncodedSample sample() { return random_sample(*this, element_count(input_shape_), input_events); }
    SimulationOptions options() {
        SimulationOptions o = random_options(*this);
        o.input_events = input_events;
        if (chance(0.4)) {
            o.readout = pick(readouts_);
        }
        return o;
    }

private:
    void extend() {
        const std::size_t last = network.nodes.size() - 1;
        const std::size_t source = chance(0.6) ? last : index(network.nodes.size());
        const bool image = shape[source].size() == 2 || shape[source].size() == 3;
        const int kind = between(0, 21);
        if (kind <= 4) {
            neurons(source);
        } else if (kind <= 6 && image) {
            conv(source);
        } else if (kind <= 7) {
            linear(source, static_cast<std::size_t>(between(1, 9)));
        } else if (kind <= 10 && image) {
            pool(source);
        } else if (kind == 11) {
            threshold(source);
        } else if (kind == 12) {
            delay(source);
        } else {
            conventional(source);
        }
    }

    /// From some node to a neuron node that may lie before it; through a delay where it does not spike.
    void way_back() {
        std::vector<std::size_t> targets;
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            const bool vector = fits({element_count(shape[i])}, shape[i]);
            if (vector && std::holds_alternative<nodes::Neuron>(network.nodes[i].kind)) {
                targets.push_back(i);
            }
        }
        if (targets.empty()) {
            return;
        }
        const std::size_t target = targets[index(targets.size())];
        std::size_t from = chance(0.3) ? target : index(network.nodes.size());
        if (!oracle::fires(network.nodes[from]) || chance(0.2)) {
            from = delay(from, 1);
        }
        const std::size_t count = element_count(shape[target]);
        const int kind = between(0, 3);
        if (kind == 0 && (shape[from].size() == 2 || shape[from].size() == 3)) {
            from = flat(pool(from));
        } else if (kind == 1) {
            from = scale(from);
        } else if (kind == 2) {
            from = threshold(from);
        }
        if (!fits(shape[from], shape[target]) || chance(0.5)) {
            from = linear(from, count);
        }
        const Edge edge{from, target};
        if (std::find(network.edges.begin(), network.edges.end(), edge) == network.edges.end()) {
            network.edges.push_back(edge);
        }
    }

    /// A delay in a cycle passes its input on after a step at least.
    void lengthen_delays_of_cycles() {
        const double dt = network.conventions.dt_ms / 1000;
        std::vector<std::vector<bool>> reach(network.nodes.size(), std::vector<bool>(network.nodes.size()));
        for (const Edge& e : network.edges) {
            reach[e.from][e.to] = true;
        }
        for (std::size_t m = 0; m < reach.size(); ++m) {
            for (std::size_t a = 0; a < reach.size(); ++a) {
                for (std::size_t b = 0; b < reach.size(); ++b) {
                    reach[a][b] = reach[a][b] || (reach[a][m] && reach[m][b]);
                }
            }
        }
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            if (auto* delay = std::get_if<nodes::Delay>(&network.nodes[i].kind); delay != nullptr && reach[i][i]) {
                for (double& seconds : delay->delay_s) {
                    seconds = std::max(seconds, dt);
                }
            }
        }
    }

    /// What an output may be read by, where that depends on the node before it alone.
    static std::vector<Readout> readouts_of(const Node& node) {
        if (std::holds_alternative<nodes::Neuron>(node.kind)) {
            return {oracle::fires(node) ? Readout::spikes : Readout::sum, Readout::last};
        }
        if (std::holds_alternative<nodes::Linear>(node.kind) || std::holds_alternative<nodes::Conv2d>(node.kind)) {
            return {Readout::last, Readout::sum};
        }
        return {Readout::automatic};
    }

    void shuffle() {
        std::vector<std::size_t> place(network.nodes.size());
        for (std::size_t i = 0; i < place.size(); ++i) {
            place[i] = i;
        }
        std::shuffle(place.begin(), place.end(), random);
        std::vector<Node> moved(network.nodes.size());
        for (std::size_t i = 0; i < place.size(); ++i) {
            moved[place[i]] = network.nodes[i];
        }
        network.nodes = std::move(moved);
        for (Edge& edge : network.edges) {
            edge = {place[edge.from], place[edge.to]};
        }
        std::shuffle(network.edges.begin(), network.edges.end(), random);
    }

    Shape input_shape_;
    std::vector<Readout> readouts_;
};

}  // namespace axfire::test
