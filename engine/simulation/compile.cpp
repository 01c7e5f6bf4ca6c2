// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/network/components.h"
#include "engine/network/operations.h"
#include "engine/simulation/signal_kind.h"
#include "engine/simulation/simulation.h"

namespace axfire {

namespace {

template <class T>
bool is(const Node& node) {
    return std::holds_alternative<T>(node.kind);
}

Readout choose_readout(Readout wanted, const Node& output, bool events) {
    const bool membrane = is<nodes::Neuron>(output) && keeps_state(output) && !events;
    if (wanted == Readout::automatic) {
        return events ? Readout::spikes : membrane ? Readout::last : Readout::sum;
    }
    if (wanted == Readout::spikes && !events) {
        throw InputError(
            fmt::format("--readout spikes: the output '{}' does not spike; use last, sum or auto", output.name));
    }
    if (wanted == Readout::last && events && !is<nodes::Neuron>(output)) {
        throw InputError(
            fmt::format("--readout last: the output '{}' has no membrane; use spikes or auto", output.name));
    }
    if (wanted == Readout::sum && events) {
        throw InputError(fmt::format("--readout sum: the output '{}' spikes; use spikes, last or auto", output.name));
    }
    return wanted;
}

/// The kernels of every node, found (and compiled, where need be) together.
class NodeInstances {
public:
    NodeInstances(const Network& network, const Topology& topology, const std::vector<Arithmetic>& arithmetic,
                  const SimulationOptions& options)
        : synapses_(network.nodes.size(), kNone), neurons_(network.nodes.size(), kNone) {
        std::vector<InstanceRequest> requests;
        for (std::size_t n = 0; n < network.nodes.size(); ++n) {
            const Node& node = network.nodes[n];
            const Arithmetic& a = arithmetic[n];
            const bool neuron = is<nodes::Neuron>(node);
            const bool several = topology.feed_forward[n].size() + topology.recurrent[n].size() > 1;
            if (is<nodes::Linear>(node) || is<nodes::Conv2d>(node) || is<nodes::Pool2d>(node) ||
                is<nodes::Multiply>(node) || is<nodes::Scale>(node) || is<nodes::Bias>(node) ||
                is<nodes::BatchNorm>(node) || is<nodes::Lrn>(node) || (neuron && several)) {
                synapses_[n] = request(requests, {a.synapse_add, a.synapse_mul, Part::projections});
            }
            if (neuron) {
                neurons_[n] = request(requests, {a.neuron_add, a.neuron_mul, Part::neurons});
            }
        }
        const Notice silent = [](const std::string&) {};
        found_ = find_instances(requests, options.jit, options.notice ? options.notice : silent);
    }

    const Instance& synapses(std::size_t n) const { return at(synapses_[n]); }
    const Instance& neurons(std::size_t n) const { return at(neurons_[n]); }

private:
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    const Instance& at(std::size_t i) const { return i == kNone ? cpu_kernels().general : *found_[i]; }

    /// The index of the request in the list; one of other parts is widened.
    static std::size_t request(std::vector<InstanceRequest>& requests, const InstanceRequest& wanted) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            if (requests[i].add == wanted.add && requests[i].mul == wanted.mul) {
                requests[i].part = requests[i].part == wanted.part ? wanted.part : Part::both;
                return i;
            }
        }
        requests.push_back(wanted);
        return requests.size() - 1;
    }

    std::vector<std::size_t> synapses_, neurons_;  ///< by node: index in found_
    std::vector<const Instance*> found_;
};

}  // namespace

/// Random words are numbered by 24-bit indices and 15-bit nodes, the orders of sums by 24-bit indices.
void Simulation::check_random_places(std::size_t node) const {
    const bool random = rounds_stochastically(arithmetic_[node]);
    const bool ordered = arithmetic_[node].synapse_add.order != Order::sequential;
    for (const std::vector<std::size_t>& sources : {topology_.feed_forward[node], topology_.recurrent[node]}) {
        for (const std::size_t source : sources) {
            if ((random || ordered) && element_count(topology_.shape[source]) >= kInputOperand) {
                throw InputError(fmt::format("stochastic rounding and orders of sums take layers of at most {} inputs",
                                             kInputOperand - 1));
            }
        }
    }
    if (random && place_[node] >= 1u << 15) {
        throw InputError(fmt::format("stochastic rounding takes networks of at most {} nodes", 1u << 15));
    }
}

Simulation::Simulation(const Network& network, const SimulationOptions& options) : topology_(analyse(network)) {
    const std::size_t count = network.nodes.size();
    arithmetic_ = options.node_wise.empty() ? std::vector(count, options.arithmetic) : options.node_wise;
    seed_ = options.seed;
    place_.resize(count);
    stages_.resize(count);
    events_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        place_[topology_.order[i]] = static_cast<u32>(i);
        roles_.push_back(
            {passes(network.nodes[i]), emits_spikes(network.nodes[i]), is<nodes::Neuron>(network.nodes[i]), false});
        events_[i] = roles_[i].spikes;  // known before the order reaches it, for recurrent edges
    }
    const auto source_of = [&](std::size_t n) {
        return topology_.feed_forward[n].empty() ? topology_.recurrent[n].front() : topology_.feed_forward[n].front();
    };
    // A delay of a cycle stands before its source in the order: what it carries is known once going round changes
    // nothing.
    for (bool changed = true; changed;) {
        changed = false;
        for (const std::size_t n : topology_.order) {
            const Node& node = network.nodes[n];
            const bool input = is<nodes::Input>(node);
            const auto emits = [&](std::size_t source) { return static_cast<bool>(events_[source]); };
            const auto& near = topology_.feed_forward[n];
            const auto& past = topology_.recurrent[n];
            const bool events = input ? options.input_events
                                      : emits_events(node, std::all_of(near.begin(), near.end(), emits) &&
                                                               std::all_of(past.begin(), past.end(), emits));
            changed = changed || events != events_[n];
            events_[n] = events;
            input_ = input ? n : input_;
        }
    }
    const NodeInstances instances(network, topology_, arithmetic_, options);
    for (const std::size_t n : topology_.order) {
        const Node& node = network.nodes[n];
        if (is<nodes::Output>(node)) {
            output_ = origin(n);
            output_size_ = element_count(topology_.shape[n]);
        }
        if (is<nodes::Input>(node) || passes(node)) {
            continue;
        }
        const std::size_t source = source_of(n);
        const bool late = is<nodes::Delay>(node) && place_[source] > place_[n];
        check_random_places(n);
        StageContext context{cpu_kernels(),
                             instances.synapses(n),
                             instances.neurons(n),
                             network.conventions,
                             arithmetic_[n],
                             options.multiply_spikes,
                             options.weight_format ? &*options.weight_format : nullptr,
                             topology_.shape[source],
                             topology_.shape[n],
                             static_cast<bool>(events_[source]),
                             late,
                             ports(network, n)};
        try {
            stages_[n] = compile_node(node, context);
        } catch (const InputError& e) {
            throw InputError(fmt::format("node '{}': {}", node.name, e.what()));
        }
        roles_[n].late = late;
        const bool population = is<nodes::Neuron>(node) || is<nodes::Threshold>(node);
        layers_.push_back({n, node.name, type_name(node), population ? element_count(topology_.shape[n]) : 0});
    }
    remembered_.resize(count);
    for (const std::vector<std::size_t>& sources : topology_.recurrent) {
        for (const std::size_t source : sources) {
            remembered_[source] = true;
        }
    }
    rounds_stochastically_ = std::any_of(arithmetic_.begin(), arithmetic_.end(), rounds_stochastically);
    find_steady(network);
    find_parts(network);
    input_size_ = element_count(topology_.shape[input_]);
    multiply_accumulates_ = axfire::multiply_accumulates(network, topology_);
    readout_ = choose_readout(options.readout, network.nodes[output_.node], events_[output_.node]);
}

/// Nodes without state, spikes and random numbers between the input's analog values and the first node that has one.
void Simulation::find_steady(const Network& network) {
    steady_.resize(network.nodes.size());
    for (const std::size_t n : topology_.order) {
        const Node& node = network.nodes[n];
        if (is<nodes::Input>(node)) {
            steady_[n] = !events_[n];
            continue;
        }
        const auto steady = [&](std::size_t source) { return static_cast<bool>(steady_[source]); };
        const auto& near = topology_.feed_forward[n];
        steady_[n] = topology_.recurrent[n].empty() && std::all_of(near.begin(), near.end(), steady) && !events_[n] &&
                     !keeps_state(node) && !emits_spikes(node) && !rounds_stochastically(arithmetic_[n]) &&
                     !remembered_[n];
    }
}

/// A part is a strongly connected component of the graph whose edges lead both ways where they carry values or the
/// last step's spikes.
void Simulation::find_parts(const Network& network) {
    std::vector<std::vector<std::size_t>> targets(network.nodes.size());
    for (const Edge& edge : network.edges) {
        targets[edge.from].push_back(edge.to);
        if (!events_[edge.from] || origin(edge.from).previous) {
            targets[edge.to].push_back(edge.from);
        }
    }
    part_ = strongly_connected_components(targets);
    // Tarjan's numbers fall along the edges.
    const std::size_t count = *std::max_element(part_.begin(), part_.end()) + 1;
    parts_.resize(count);
    for (std::size_t& p : part_) {
        p = count - 1 - p;
    }
    std::vector<bool> kept(network.nodes.size());
    for (const std::size_t n : topology_.order) {
        if (stages_[n] == nullptr) {
            continue;
        }
        Part& part = parts_[part_[n]];
        part.computing.push_back(n);
        if (roles_[n].late) {
            part.late.push_back(n);
        }
        const auto& near = topology_.feed_forward[n];
        for (std::size_t i = 0; i < near.size(); ++i) {
            const std::size_t from = origin(near[i]).node;
            if (part_[from] != part_[n]) {
                part.links.push_back({n, i, from});
                kept[from] = true;
            }
        }
    }
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        if (remembered_[n]) {
            parts_[part_[n]].remembered.push_back(n);
        }
        if (kept[n]) {
            parts_[part_[n]].kept.push_back(n);
        }
    }
    parts_[part_[input_]].has_input = true;
    parts_[part_[output_.node]].has_output = true;
}

std::size_t Simulation::parts() const {
    return static_cast<std::size_t>(
        std::count_if(parts_.begin(), parts_.end(), [](const Part& part) { return !part.computing.empty(); }));
}

std::size_t Simulation::bytes_of_a_step() const {
    std::size_t events = 0;
    for (const Part& part : parts_) {
        for (const std::size_t n : part.kept) {
            events += element_count(topology_.shape[n]);
        }
    }
    return events * 2 * sizeof(u32);
}

std::vector<Port> Simulation::ports(const Network& network, std::size_t node) const {
    std::vector<std::size_t> sources = topology_.feed_forward[node];
    sources.insert(sources.end(), topology_.recurrent[node].begin(), topology_.recurrent[node].end());
    std::vector<Port> found;
    const std::vector<std::string>* inputs = ordered_inputs(network.nodes[node]);
    for (std::size_t i = 0; inputs != nullptr && i < inputs->size(); ++i) {
        std::size_t at = 0;
        while (network.nodes[sources[at]].name != (*inputs)[i]) {  // analyse() has found it
            ++at;
        }
        found.push_back({at, topology_.shape[sources[at]], static_cast<bool>(events_[sources[at]])});
    }
    return found;
}

Simulation::Origin Simulation::origin(std::size_t node) const {
    while (roles_[node].passes) {
        if (topology_.feed_forward[node].empty()) {
            return {topology_.recurrent[node].front(), true};
        }
        node = topology_.feed_forward[node].front();
    }
    return {node, false};
}

bool Simulation::spikes(std::size_t node) const {
    return roles_[node].spikes;
}

bool Simulation::has_membrane(std::size_t node) const {
    return roles_[node].has_membrane;
}

Simulation::Workspace::Workspace(const Simulation& simulation, std::size_t steps_at_once, unsigned threads)
    : state(simulation.roles_.size()),
      sources(simulation.roles_.size()),
      kept(simulation.roles_.size()),
      steps(std::max<std::size_t>(1, steps_at_once)),
      input(simulation.input_size_) {
    for (const Part& part : simulation.parts_) {
        for (const std::size_t n : part.computing) {
            for (const std::size_t s : simulation.topology_.feed_forward[n]) {
                const Origin o = simulation.origin(s);
                sources[n].push_back({o.previous ? &state[o.node].previous : &state[o.node].out,
                                      static_cast<bool>(simulation.events_[o.node])});
            }
            for (const std::size_t s : simulation.topology_.recurrent[n]) {
                sources[n].push_back({&state[s].previous, static_cast<bool>(simulation.events_[s])});
            }
            state[n].threads = std::max(1u, threads);
            simulation.stages_[n]->reset(state[n]);
        }
        for (const std::size_t n : part.kept) {
            kept[n].resize(steps);
        }
    }
}

std::size_t Simulation::Workspace::bytes() const {
    std::size_t bytes = input.size() * sizeof(u32);
    for (const StageState& s : state) {
        bytes += s.bytes();
    }
    return bytes;
}

}  // namespace axfire
