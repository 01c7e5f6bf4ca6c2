// SPDX-License-Identifier: Apache-2.0
// Random small networks of every kind of node.
#pragma once

#include <algorithm>

#include "tests/engine/reference_choices.h"
#include "tests/oracle/network/graph.h"

namespace axfire::test {

class RandomNetwork : private RandomChoices {
public:
    explicit RandomNetwork(std::mt19937_64 random) : RandomChoices{std::move(random)} {}

    Network network;
    bool input_events = true;

    /// Input, five to twelve further nodes, up to three ways back, output; nodes and edges in random order.
    void build() {
        special_values = chance(0.15);
        conventions();
        input_events = chance(0.6);
        const Shape input = pick<Shape>({{3}, {7}, {2, 5, 6}, {3, 4, 4}, {1, 6, 5}, {5, 4}, {2, 7, 7}});
        input_shape_ = input;
        add(nodes::Input{input}, input, {});
        const int count = between(5, 12);
        for (int i = 0; i < count; ++i) {
            extend();
        }
        const int back = between(0, 3);
        for (int i = 0; i < back; ++i) {
            way_back();
        }
        const std::size_t end = chance(0.6) ? network.nodes.size() - 1 : index(network.nodes.size());
        add(nodes::Output{chance(0.5) ? shape_[end] : Shape{}}, shape_[end], {end});
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
    Tensor values(Shape shape, double scale) {
        Tensor t{shape, {}};
        for (std::size_t i = 0; i < element_count(shape); ++i) {
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

    void conventions() {
        Conventions& how = network.conventions;
        how.dt_ms = pick<double>({1, 0.1, 0.5, 2, 0.3});
        how.reset = chance(0.5) ? Reset::zero : Reset::subtract;
        how.integrate = chance(0.5) ? Integrate::euler : Integrate::exponential;
        how.fire = chance(0.5) ? Fire::gt : Fire::ge;
        how.input_gain = chance(0.7) ? InputGain::step : InputGain::continuous;
        how.cuba_order = chance(0.5) ? CubaOrder::old_current : CubaOrder::new_current;
        how.decay_gain = chance(0.5) ? DecayGain::complement : DecayGain::ratio;
    }

    std::size_t add(NodeKind kind, Shape shape, const std::vector<std::size_t>& sources) {
        // Random names, so that ties in the order of nodes are not broken by the order of the list.
        const std::string name = std::string(1, static_cast<char>('a' + index(26))) + std::to_string(index(100)) + "_" +
                                 std::to_string(network.nodes.size());
        network.nodes.push_back({name, std::move(kind)});
        shape_.push_back(std::move(shape));
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

    nodes::Neuron neuron(const Shape& shape, std::string model) {
        nodes::Neuron n{model, shape, {}};
        const std::size_t count = element_count(shape);
        const double dt = network.conventions.dt_ms / 1000;
        const bool continuous = network.conventions.input_gain == InputGain::continuous;
        const bool leaky = model != "if" && model != "i";
        if (chance(0.6)) {
            n.parameters["r"] = leaky || !continuous ? many(count, 0.2, 3, {1, 2, 0.5}) : many(count, 0.5 / dt, 2 / dt);
        }
        if (leaky) {
            n.parameters["tau_mem"] = many(count, 1.0 * dt, 12 * dt, {dt, 2 * dt, 10 * dt, 1e6 * dt});
            if (chance(0.5)) {
                n.parameters["v_leak"] = many(count, -0.5, 0.5, {0, 0.25});
            }
        }
        if (model.starts_with("cuba")) {
            n.parameters["tau_syn"] = many(count, 1.0 * dt, 8 * dt, {dt, 2 * dt, 4 * dt});
            if (chance(0.5)) {
                n.parameters["w_in"] = many(count, -1, 4, {1, 2});
            }
        }
        if (chance(0.3)) {
            n.parameters["v_init"] = many(count, -1, 1, {0});
        }
        if (model == "if" || model == "lif" || model == "cubalif") {
            n.parameters["v_threshold"] = many(count, 0.05, 1.2, {0.5, 0.125, 1});
            if (chance(0.5)) {
                n.parameters["v_reset"] = many(count, -0.5, 0.5, {0});
            }
            if (model != "if" && chance(0.4)) {
                n.parameters["t_ref"] = steps(count, 0, 4);
            }
        }
        return n;
    }
    std::string any_model() {
        return pick<std::string>({"if", "if", "lif", "lif", "cubalif", "cubalif", "i", "li", "cubali"});
    }

    std::size_t linear(std::size_t source, std::size_t outputs) {
        const std::size_t inputs = element_count(shape_[source]);
        nodes::Linear node{values({outputs, inputs}, 1.5 / std::sqrt(static_cast<double>(inputs))), bias(outputs)};
        return add(std::move(node), {outputs}, {flat(source)});
    }
    std::size_t flat(std::size_t source) {
        if (shape_[source].size() == 1) {
            return source;
        }
        return add(nodes::Flatten{}, {element_count(shape_[source])}, {source});
    }

    std::size_t conv(std::size_t source) {
        const Shape image = oracle::as_image(shape_[source]);
        nodes::Conv2d c;
        c.groups = image[0] > 1 && chance(0.3) ? image[0] : 1;
        const std::size_t outputs = c.groups * static_cast<std::size_t>(between(1, c.groups > 1 ? 2 : 4));
        const Shape weight{outputs, image[0] / c.groups, static_cast<std::size_t>(between(1, 3)),
                           static_cast<std::size_t>(between(1, 3))};
        c.weight = values(weight, 1.0 / std::sqrt(static_cast<double>(weight[1] * weight[2] * weight[3])));
        c.bias = bias(outputs);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            c.stride[axis] = static_cast<std::size_t>(between(1, 2));
            c.dilation[axis] = chance(0.2) ? 2 : 1;
            c.pad_begin[axis] = static_cast<std::size_t>(between(0, 2));
            c.pad_end[axis] = chance(0.5) ? c.pad_begin[axis] : static_cast<std::size_t>(between(0, 2));
            // The window must fit.
            while ((weight[axis + 2] - 1) * c.dilation[axis] + 1 >
                   image[axis + 1] + c.pad_begin[axis] + c.pad_end[axis]) {
                ++c.pad_end[axis];
            }
        }
        const Shape shape = oracle::ShapeAfter{shape_[source]}(c);
        return add(std::move(c), shape, {source});
    }

    std::size_t pool(std::size_t source) {
        const Shape image = oracle::as_image(shape_[source]);
        nodes::Pool2d p;
        p.kind = chance(0.5) ? nodes::Pool2d::Kind::sum : nodes::Pool2d::Kind::average;
        p.count_include_pad = chance(0.5);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::size_t largest = std::min<std::size_t>(3, image[axis + 1]);
            p.kernel[axis] = static_cast<std::size_t>(between(1, static_cast<int>(largest)));
            p.stride[axis] = static_cast<std::size_t>(between(1, 3));
            p.pad_begin[axis] = chance(0.4) ? index(p.kernel[axis]) : 0;
            p.pad_end[axis] = chance(0.4) ? index(p.kernel[axis]) : 0;
        }
        const Shape shape = oracle::ShapeAfter{shape_[source]}(p);
        return add(p, shape, {source});
    }

    std::size_t scale(std::size_t source) {
        const Shape& shape = shape_[source];
        nodes::Scale s{values(chance(0.5) ? Shape{1} : shape, 1)};
        for (float& x : s.scale.data) {
            x = chance(0.25) ? 1 : x;
        }
        return add(std::move(s), shape, {source});
    }
    std::size_t threshold(std::size_t source) {
        const Shape& shape = shape_[source];
        nodes::Threshold node{values(chance(0.5) ? Shape{1} : shape, 0.5)};
        for (float& x : node.threshold.data) {
            x = chance(0.2) ? 0 : x;
        }
        return add(std::move(node), shape, {source});
    }
    std::size_t delay(std::size_t source, int least = 0) {
        const Shape shape = shape_[source];
        std::vector<double> times = steps(element_count(shape), least, 5);
        return add(nodes::Delay{times.size() == 1 && chance(0.5) ? Shape{1} : shape, times}, shape, {source});
    }

    /// A node of one element takes the shape of a source, so all its sources must have the same.
    bool fits(const Shape& from, const Shape& to) const {
        return element_count(from) == element_count(to) && (element_count(to) != 1 || from == to);
    }

    /// Neurons behind a source, and behind others of as many elements.
    std::size_t neurons(std::size_t source) {
        std::vector<std::size_t> sources{source};
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            if (i != source && fits(shape_[i], shape_[source]) && chance(0.4)) {
                sources.push_back(i);
            }
        }
        if (fits({element_count(shape_[source])}, shape_[source]) && chance(0.2)) {
            sources.push_back(linear(index(network.nodes.size()), element_count(shape_[source])));
        }
        return add(neuron(shape_[source], any_model()), shape_[source], sources);
    }

    void extend() {
        const std::size_t last = network.nodes.size() - 1;
        const std::size_t source = chance(0.6) ? last : index(network.nodes.size());
        const bool image = shape_[source].size() >= 2;
        const int kind = between(0, 11);
        if (kind <= 3) {
            neurons(source);
        } else if (kind <= 5) {
            image ? conv(source) : linear(source, static_cast<std::size_t>(between(1, 9)));
        } else if (kind == 6) {
            linear(source, static_cast<std::size_t>(between(1, 9)));
        } else if (kind <= 8 && image) {
            pool(source);
        } else if (kind == 9) {
            scale(source);
        } else if (kind == 10) {
            threshold(source);
        } else {
            delay(source);
        }
    }

    /// From some node to a neuron node that may lie before it; through a delay where it does not spike.
    void way_back() {
        std::vector<std::size_t> targets;
        for (std::size_t i = 0; i < network.nodes.size(); ++i) {
            const bool vector = fits({element_count(shape_[i])}, shape_[i]);
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
        const std::size_t count = element_count(shape_[target]);
        const int kind = between(0, 3);
        if (kind == 0 && shape_[from].size() >= 2) {
            from = flat(pool(from));
        } else if (kind == 1) {
            from = scale(from);
        } else if (kind == 2) {
            from = threshold(from);
        }
        if (!fits(shape_[from], shape_[target]) || chance(0.5)) {
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

    std::vector<Shape> shape_;
    Shape input_shape_;
    std::vector<Readout> readouts_;
};

}  // namespace axfire::test
