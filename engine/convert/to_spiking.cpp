// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/to_spiking.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/network/check.h"

namespace axfire {

namespace {

/// Values of the conventional network are `scale` times those of the spiking one: one for all elements, or one for
/// each.
using Scales = std::vector<double>;

Scales compressed(Scales scales) {
    if (std::all_of(scales.begin(), scales.end(), [&](double s) { return s == scales[0]; })) {
        scales.resize(1);
    }
    return scales;
}

double at(const Scales& scales, std::size_t i) {
    return scales[scales.size() == 1 ? 0 : i];
}

/// True if a node becomes a population.
bool fires(const Node& node) {
    const auto* neuron = std::get_if<nodes::Neuron>(&node.kind);
    if (neuron == nullptr) {
        return false;
    }
    const auto low = neuron->parameters.find("low");
    const bool from_zero = low == neuron->parameters.end() ||
                           std::all_of(low->second.begin(), low->second.end(), [](double v) { return v == 0; });
    return neuron->model == "relu" || neuron->model == "qcfs" || (neuron->model == "clip" && from_zero);
}

bool is_linear(const Node& node) {
    const auto* neuron = std::get_if<nodes::Neuron>(&node.kind);
    if (neuron != nullptr) {
        return neuron->model == "identity" || neuron->model == "negate";
    }
    if (const auto* rearrange = std::get_if<nodes::Rearrange>(&node.kind)) {
        return rearrange->fill == 0;
    }
    return !std::holds_alternative<nodes::Multiply>(node.kind) && !std::holds_alternative<nodes::Lrn>(node.kind) &&
           !std::holds_alternative<nodes::Softmax>(node.kind) && !std::holds_alternative<nodes::Threshold>(node.kind) &&
           !std::holds_alternative<nodes::Delay>(node.kind);
}

class Builder {
public:
    Builder(const Network& ann, const Topology& topology, const SpikingPlan& plan)
        : ann_(ann), topology_(topology), plan_(plan), node_(ann.nodes.size()), scales_(ann.nodes.size()) {
        targets_.resize(ann.nodes.size());
        for (const Edge& edge : ann.edges) {
            targets_[edge.from].push_back(edge.to);
        }
        for (const Node& node : ann.nodes) {
            names_.insert(node.name);
        }
    }

    Network build() {
        for (const std::size_t n : topology_.order) {
            std::visit([&](const auto& kind) { add_node(n, kind); }, ann_.nodes[n].kind);
        }
        snn_.provenance = ann_.provenance;
        snn_.conventions.reset = Reset::subtract;
        snn_.conventions.fire = Fire::ge;
        return std::move(snn_);
    }

private:
    std::size_t source(std::size_t n) const { return topology_.feed_forward[n][0]; }
    std::size_t elements(std::size_t n) const { return element_count(topology_.shape[n]); }

    std::size_t add(const std::string& name, NodeKind kind, const std::vector<std::size_t>& sources) {
        snn_.nodes.push_back({name, std::move(kind)});
        for (const std::size_t s : sources) {
            snn_.edges.push_back({s, snn_.nodes.size() - 1});
        }
        return snn_.nodes.size() - 1;
    }

    std::string new_name(const std::string& base) {
        std::string name = base;
        for (int i = 2; !names_.insert(name).second; ++i) {
            name = fmt::format("{}_{}", base, i);
        }
        return name;
    }

    /// The node as it is.
    void keep(std::size_t n, NodeKind kind, Scales scales) {
        std::vector<std::size_t> sources;
        for (const std::size_t s : topology_.feed_forward[n]) {
            sources.push_back(node_[s]);
        }
        node_[n] = add(ann_.nodes[n].name, std::move(kind), sources);
        scales_[n] = std::move(scales);
    }

    /// A node of the spiking network that gives the values of `s` in these units.
    std::size_t in_units(std::size_t s, const Scales& unit) {
        Scales factor = scales_[s];
        factor.resize(std::max(factor.size(), unit.size()), factor[0]);
        for (std::size_t i = 0; i < factor.size(); ++i) {
            factor[i] = at(scales_[s], i) / at(unit, i);
        }
        factor = compressed(std::move(factor));
        if (factor.size() == 1 && factor[0] == 1) {
            return node_[s];
        }
        nodes::Scale scale{{factor.size() == 1 ? Shape{1} : topology_.shape[s], {factor.begin(), factor.end()}}, false};
        return add(new_name(ann_.nodes[s].name + ".scaled"), std::move(scale), {node_[s]});
    }

    Scales unit_of(std::size_t n) const { return plan_.normalise_weights ? plan_.layers.at(n).scale : Scales{1.0}; }

    /// What a projection is measured in: the unit of the only population that reads it, else 1.
    Scales unit_of_reader(std::size_t n) const {
        return targets_[n].size() == 1 && plan_.layers.contains(targets_[n][0]) ? unit_of(targets_[n][0]) : Scales{1.0};
    }

    /// One scale for each of the channels that the elements of a source form.
    Scales by_channel(std::size_t s, std::size_t channels, std::size_t reader) const {
        Scales result(channels, scales_[s][0]);
        const std::size_t plane = elements(s) / channels;
        for (std::size_t i = 0; scales_[s].size() != 1 && i < elements(s); ++i) {
            result[i / plane] = scales_[s][i];
            if (scales_[s][i] != scales_[s][i / plane * plane]) {
                throw InputError(
                    fmt::format("{}: its input mixes populations of different scales within a channel, "
                                "which cannot be converted",
                                describe(ann_.nodes[reader])));
            }
        }
        return result;
    }

    /// Weights [out][in of the group][each] and bias for sources of these scales, in units of the reader.
    void rescale(std::size_t n, Tensor& weight, Tensor& bias, const Scales& in, std::size_t groups) {
        const Scales unit = unit_of_reader(n);
        const std::size_t plane = elements(n) / weight.shape[0];
        const std::size_t group_in = weight.shape[1];
        const std::size_t each = weight.data.size() / (weight.shape[0] * group_in);
        const std::size_t group_out = weight.shape[0] / groups;
        for (std::size_t i = 0; i < weight.data.size(); ++i) {
            const std::size_t o = i / (group_in * each);
            const std::size_t channel = o / group_out * group_in + i / each % group_in;
            weight.data[i] = static_cast<float>(weight.data[i] * in[channel] / at(unit, o * plane));
        }
        for (std::size_t o = 0; o < bias.data.size(); ++o) {
            bias.data[o] = static_cast<float>(bias.data[o] / at(unit, o * plane));
        }
        scales_[n] = unit;
    }

    void add_node(std::size_t n, const nodes::Input& input) {
        node_[n] = add(ann_.nodes[n].name, input, {});
        scales_[n] = {1.0};
    }

    void add_node(std::size_t n, const nodes::Output& output) {
        const std::size_t s = source(n);
        std::size_t last = node_[s];
        if (!plan_.layers.contains(s)) {
            const nodes::Neuron readout{"i", topology_.shape[s], {}};
            last = add(new_name("readout"), readout, {in_units(s, {1.0})});
        }
        node_[n] = add(ann_.nodes[n].name, output, {last});
    }

    void add_node(std::size_t n, nodes::Linear linear) {
        rescale(n, linear.weight, linear.bias, by_channel(source(n), linear.weight.shape[1], n), 1);
        const Scales scales = scales_[n];
        keep(n, std::move(linear), scales);
    }

    void add_node(std::size_t n, nodes::Conv2d conv) {
        rescale(n, conv.weight, conv.bias, by_channel(source(n), conv.weight.shape[1] * conv.groups, n), conv.groups);
        const Scales scales = scales_[n];
        keep(n, std::move(conv), scales);
    }

    /// True if a node hands on the spikes of populations.
    bool carries_spikes(std::size_t n) const {
        const Node& node = ann_.nodes[n];
        const auto* pool = std::get_if<nodes::Pool2d>(&node.kind);
        if (plan_.layers.contains(n)) {
            return true;
        }
        const bool hands_on =
            std::holds_alternative<nodes::Flatten>(node.kind) || std::holds_alternative<nodes::Reshape>(node.kind) ||
            std::holds_alternative<nodes::Rearrange>(node.kind) || std::holds_alternative<nodes::Concat>(node.kind) ||
            (pool != nullptr && pool->kind == nodes::Pool2d::Kind::maximum && !plan_.average_for_max);
        const auto& sources = topology_.feed_forward[n];
        return hands_on &&
               std::all_of(sources.begin(), sources.end(), [&](std::size_t s) { return carries_spikes(s); });
    }

    /// True if every average is over as many elements: no window reaches into padding that does not count.
    bool whole_windows(std::size_t n, const nodes::Pool2d& pool) const {
        const std::array<std::size_t, 2> none{0, 0};
        return pool.extra_end == none && (pool.count_include_pad || (pool.pad_begin == none && pool.pad_end == none)) &&
               carries_spikes(source(n));
    }

    void add_node(std::size_t n, nodes::Pool2d pool) {
        if (plan_.average_for_max && pool.kind == nodes::Pool2d::Kind::maximum) {
            pool.kind = nodes::Pool2d::Kind::average;
            pool.count_include_pad = false;
        }
        // The average of spikes is their sum, which carries events, with 1/n in the weights behind it.
        double factor = 1;
        if (pool.kind == nodes::Pool2d::Kind::average && whole_windows(n, pool)) {
            pool.kind = nodes::Pool2d::Kind::sum;
            factor = 1.0 / static_cast<double>(pool.kernel[0] * pool.kernel[1]);
        }
        const std::size_t channels = topology_.shape[n][0];
        const Scales of_channel = by_channel(source(n), channels, n);
        Scales scales;
        for (std::size_t i = 0; i < elements(n); ++i) {
            scales.push_back(of_channel[i / (elements(n) / channels)] * factor);
        }
        keep(n, pool, compressed(std::move(scales)));
    }

    void add_node(std::size_t n, const nodes::Flatten& node) { keep(n, node, scales_[source(n)]); }
    void add_node(std::size_t n, const nodes::Reshape& node) { keep(n, node, scales_[source(n)]); }
    void add_node(std::size_t n, const nodes::Scale& node) { keep(n, node, scales_[source(n)]); }

    void add_node(std::size_t n, const nodes::Rearrange& node) {
        const Scales& from = scales_[source(n)];
        Scales scales = from;
        if (from.size() != 1) {
            scales.clear();
            for (const std::uint32_t i : node.source) {
                scales.push_back(i == nodes::Rearrange::kFill ? from[0] : from[i]);
            }
        }
        keep(n, node, compressed(std::move(scales)));
    }

    void add_node(std::size_t n, nodes::Concat node) {
        const std::size_t axis = *resolve_axis(node.axis, topology_.shape[n].size());
        Scales scales(elements(n));
        std::size_t offset = 0;
        const Shape& out = topology_.shape[n];
        const std::size_t inner = element_count(Shape(out.begin() + static_cast<std::ptrdiff_t>(axis) + 1, out.end()));
        for (std::string& name : node.inputs) {
            const std::size_t s = *std::find_if(topology_.feed_forward[n].begin(), topology_.feed_forward[n].end(),
                                                [&](std::size_t i) { return ann_.nodes[i].name == name; });
            const std::size_t block = topology_.shape[s][axis] * inner;
            for (std::size_t i = 0; i < elements(s); ++i) {
                scales[i / block * (out[axis] * inner) + offset + i % block] = at(scales_[s], i);
            }
            offset += block;
            name = snn_.nodes[node_[s]].name;
        }
        keep(n, std::move(node), compressed(std::move(scales)));
    }

    void add_node(std::size_t n, const nodes::Bias& node) {
        const std::size_t s = source(n);
        node_[n] = add(ann_.nodes[n].name, node, {in_units(s, {1.0})});
        scales_[n] = {1.0};
    }

    void add_node(std::size_t n, nodes::BatchNorm node) {
        const std::size_t channels = node.gamma.data.size();
        const Scales of_channel = by_channel(source(n), channels, n);
        for (std::size_t c = 0; c < channels; ++c) {
            node.mean.data[c] = static_cast<float>(node.mean.data[c] / of_channel[c]);
            node.beta.data[c] = static_cast<float>(node.beta.data[c] / of_channel[c]);
        }
        keep(n, std::move(node), scales_[source(n)]);
    }

    void add_node(std::size_t n, const nodes::Neuron& neuron) {
        const bool population = plan_.layers.contains(n);
        if (!population && topology_.feed_forward[n].size() == 1) {  // identity or negation of one signal
            keep(n, neuron, scales_[source(n)]);
            return;
        }
        std::vector<std::size_t> sources;
        for (const std::size_t s : topology_.feed_forward[n]) {
            sources.push_back(in_units(s, population ? unit_of(n) : Scales{1.0}));
        }
        if (!population) {
            node_[n] = add(ann_.nodes[n].name, neuron, sources);
            scales_[n] = {1.0};
            return;
        }
        const SpikingLayer& layer = plan_.layers.at(n);
        const Scales unit = unit_of(n);
        Scales threshold(std::max(layer.scale.size(), unit.size()));
        for (std::size_t i = 0; i < threshold.size(); ++i) {
            threshold[i] = at(layer.scale, i) / at(unit, i);
        }
        threshold = compressed(std::move(threshold));
        Scales v_init(std::max(layer.v_init.size(), threshold.size()));
        for (std::size_t i = 0; i < v_init.size(); ++i) {
            v_init[i] = at(layer.v_init, i) * at(threshold, i);
        }
        node_[n] =
            add(ann_.nodes[n].name,
                nodes::Neuron{
                    "if", topology_.shape[n], {{"v_threshold", threshold}, {"v_init", compressed(std::move(v_init))}}},
                sources);
        scales_[n] = compressed(layer.scale);
    }

    void add_node(std::size_t n, const nodes::Softmax&) {  // before the output: it does not change which is largest
        node_[n] = node_[source(n)];
        scales_[n] = scales_[source(n)];
    }

    template <class Other>
    void add_node(std::size_t n, const Other&) {
        throw InputError(fmt::format("{}: cannot be converted", describe(ann_.nodes[n])));
    }

    const Network& ann_;
    const Topology& topology_;
    const SpikingPlan& plan_;
    Network snn_;
    std::vector<std::size_t> node_;  ///< by node of the conventional network: its node here
    std::vector<Scales> scales_;     ///< likewise
    std::vector<std::vector<std::size_t>> targets_;
    std::set<std::string> names_;
};

}  // namespace

std::vector<std::size_t> spiking_nodes(const Network& network, const Topology& topology) {
    std::vector<std::size_t> found;
    std::vector<std::string> refused;
    std::vector<bool> leads_to_output(network.nodes.size());
    for (const Edge& edge : network.edges) {
        leads_to_output[edge.from] =
            leads_to_output[edge.from] || std::holds_alternative<nodes::Output>(network.nodes[edge.to].kind);
    }
    for (const std::size_t n : topology.order) {
        const Node& node = network.nodes[n];
        const bool last_softmax = std::holds_alternative<nodes::Softmax>(node.kind) && leads_to_output[n];
        if (fires(node)) {
            found.push_back(n);
        } else if (!is_linear(node) && !last_softmax) {
            refused.push_back(fmt::format("'{}' ({})", node.name, type_name(node)));
        }
        if (!topology.recurrent[n].empty()) {
            throw InputError(
                fmt::format("{}: is part of a cycle; only feed-forward networks are converted", describe(node)));
        }
    }
    if (!refused.empty()) {
        throw InputError(
            fmt::format("these nodes have no spiking counterpart: {}; relu, clip from 0, qcfs and what is "
                        "linear have",
                        fmt::join(refused, ", ")));
    }
    if (found.empty()) {
        throw InputError("the network has no relu, clip or qcfs node, so that nothing would spike");
    }
    return found;
}

Network to_spiking(const Network& network, const Topology& topology, const SpikingPlan& plan) {
    return Builder(network, topology, plan).build();
}

}  // namespace axfire
