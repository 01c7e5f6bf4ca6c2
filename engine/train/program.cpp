// SPDX-License-Identifier: Apache-2.0
#include "engine/train/program.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/network/check.h"

namespace axfire::train {

namespace {

std::unique_ptr<NodeGradient> compile_gradient(const Node& node, const GradientContext& context) {
    return std::visit(
        [&](const auto& kind) -> std::unique_ptr<NodeGradient> {
            if constexpr (requires { make_gradient(kind, context); }) {
                return make_gradient(kind, context);
            } else {
                return nullptr;
            }
        },
        node.kind);
}

}  // namespace

Program::Program(Network& network, const ProgramOptions& options)
    : network_(network),
      options_(options),
      team_(std::max(1u, options.threads)),
      parameters_(train::parameters(network)) {
    const std::size_t count = network.nodes.size();
    arithmetic_ = options.node_wise.empty() ? std::vector(count, options.arithmetic) : options.node_wise;
    const bool random = std::any_of(arithmetic_.begin(), arithmetic_.end(), rounds_stochastically);
    backward_arithmetic_.synapse_add = options.gradient.add;
    backward_arithmetic_.synapse_mul = options.gradient.mul;
    graph_ = build_graph(network, options.input_events, options.constant_input && !random);

    tape_.samples = options.batch;
    tape_.steps = options.steps;
    place_.resize(count);
    dropout_.resize(count);
    for (auto* rows : {&tape_.out, &tape_.gradient, &tape_.v, &tape_.current, &tape_.refractory, &tape_.v_gradient}) {
        rows->resize(count);
    }
    for (std::size_t n = 0; n < count; ++n) {
        tape_.rows_of.push_back(graph_.steady[n] ? 1 : options.steps);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t n = graph_.topology.order[i];
        place_[n] = static_cast<u32>(i);
        const auto drops = options.dropout.find(network.nodes[n].name);
        dropout_[n] = drops != options.dropout.end() ? static_cast<float>(drops->second) : 0;
    }
    compile();
    make_spaces();
    refresh();
}

void Program::compile() {
    const std::size_t count = network_.nodes.size();
    std::vector<InstanceRequest> requests;
    const auto request = [&](const AdderSpec& add, const MultiplierSpec& mul, Part part) {
        for (InstanceRequest& r : requests) {
            if (r.add == add && r.mul == mul) {
                r.part = r.part == part ? part : Part::both;
                return;
            }
        }
        requests.push_back({add, mul, part});
    };
    request(options_.gradient.add, options_.gradient.mul, Part::projections);
    for (const Arithmetic& a : arithmetic_) {
        request(a.synapse_add, a.synapse_mul, Part::projections);
        request(a.neuron_add, a.neuron_mul, Part::neurons);
    }
    const Notice silent = [](const std::string&) {};
    const std::vector<const Instance*> found =
        find_instances(requests, options_.jit, options_.notice ? options_.notice : silent);
    const auto instance = [&](const AdderSpec& add, const MultiplierSpec& mul) -> const Instance& {
        std::size_t i = 0;
        while (!(requests[i].add == add && requests[i].mul == mul)) {
            ++i;
        }
        return *found[i];
    };
    tensor_gradients_.resize(count);
    gradients_.resize(parameters_.size());
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
        gradients_[p].resize(parameters_[p].tensor->data.size());
        tensor_gradients_[parameters_[p].node].push_back(&gradients_[p]);
    }
    stages_.resize(count);
    node_gradients_.resize(count);
    norms_.resize(count);
    const Instance& back = instance(options_.gradient.add, options_.gradient.mul);
    const Format* weights = options_.weight_format ? &*options_.weight_format : nullptr;
    for (std::size_t n = 0; n < count; ++n) {
        const Arithmetic& a = arithmetic_[n];
        const bool none = graph_.sources[n].empty();
        const std::size_t source = none ? n : graph_.sources[n][0].node;
        const std::size_t given = none                                      ? n
                                  : graph_.topology.feed_forward[n].empty() ? graph_.topology.recurrent[n][0]
                                                                            : graph_.topology.feed_forward[n][0];
        const auto context = [&](const Instance& synapses, const Arithmetic& units) {
            return StageContext{cpu_kernels(),
                                synapses,
                                instance(a.neuron_add, a.neuron_mul),
                                network_.conventions,
                                units,
                                options_.multiply_spikes,
                                weights,
                                graph_.topology.shape[given],
                                graph_.topology.shape[n],
                                static_cast<bool>(graph_.events[source]),
                                false,
                                graph_.ports[n]};
        };
        contexts_.push_back(context(instance(a.synapse_add, a.synapse_mul), a));
        backward_contexts_.push_back(context(back, backward_arithmetic_));
        tape_.out[n] = Rows(tape_.rows(n), graph_.size[n]);
        tape_.gradient[n] = Rows(tape_.rows(n), graph_.size[n]);
        if (keeps_state(network_.nodes[n])) {
            tape_.v[n] = Rows(tape_.rows(n), graph_.size[n]);
            tape_.current[n] = Rows(tape_.rows(n), graph_.size[n]);
            tape_.refractory[n] = Rows(tape_.rows(n), graph_.size[n]);
        }
    }
    if (options_.membrane_loss) {
        tape_.v_gradient[graph_.output] = Rows(tape_.rows(graph_.output), graph_.size[graph_.output]);
    }
    for (const Level& level : graph_.levels) {
        for (const std::size_t n : level.norms) {
            const GradientContext c{graph_, tape_, n, contexts_[n], backward_contexts_[n], options_.gradient};
            norms_[n] = std::make_unique<BatchNormLayer>(std::get<nodes::BatchNorm>(network_.nodes[n].kind), c);
        }
        for (const std::size_t n : level.nodes) {
            try {
                stages_[n] = compile_node(network_.nodes[n], contexts_[n]);
                const GradientContext c{graph_, tape_, n, contexts_[n], backward_contexts_[n], options_.gradient};
                node_gradients_[n] = compile_gradient(network_.nodes[n], c);
            } catch (const InputError& e) {
                throw InputError(fmt::format("node '{}': {}", network_.nodes[n].name, e.what()));
            }
        }
    }
}

void Program::make_spaces() {
    const std::size_t count = network_.nodes.size();
    spaces_.resize(team_.size());
    for (Space& space : spaces_) {
        space.forward.resize(count);
        space.backward.resize(count);
        space.sources.resize(count);
        space.outer.resize(count);
        space.carried_v.resize(count);
        space.carried_current.resize(count);
        for (const Level& level : graph_.levels) {
            for (const std::size_t n : level.nodes) {
                space.outer[n].resize(graph_.sources[n].size());
                for (std::size_t i = 0; i < graph_.sources[n].size(); ++i) {
                    const Origin& o = graph_.sources[n][i];
                    const bool inside = stages_[o.node] != nullptr && graph_.level_of[o.node] == graph_.level_of[n];
                    StageState& state = space.forward[o.node];
                    Signal* const near = o.previous ? &state.previous : &state.out;
                    space.sources[n].push_back(
                        {inside ? near : &space.outer[n][i], static_cast<bool>(graph_.events[o.node])});
                }
            }
        }
    }
}

void Program::refresh() {
    std::vector<std::size_t> changed;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
        if (node_gradients_[n] != nullptr && !tensor_gradients_[n].empty()) {
            changed.push_back(n);
        }
    }
    team_.each(2 * changed.size(), [&](std::size_t i, unsigned) {
        const std::size_t n = changed[i / 2];
        if (i % 2 == 0) {
            stages_[n] = compile_node(network_.nodes[n], contexts_[n]);
        } else {
            node_gradients_[n]->refresh(network_.nodes[n]);
        }
    });
}

void Program::forward(std::size_t samples, std::uint64_t draw) {
    tape_.samples = samples;
    draw_ = draw;
    for (const Level& level : graph_.levels) {
        for (const std::size_t n : level.norms) {
            try {
                norms_[n]->forward(tape_, std::get<nodes::BatchNorm>(network_.nodes[n].kind), spaces_, team_);
            } catch (const Diverged& e) {
                throw Diverged(fmt::format("{} of {}", e.what(), describe(network_.nodes[n])));
            }
        }
        team_.each(samples, [&](std::size_t s, unsigned thread) { run_sample(level, s, spaces_[thread]); });
    }
}

void Program::run_sample(const Level& level, std::size_t sample, Space& space) {
    for (const std::size_t n : level.nodes) {
        StageState& state = space.forward[n];
        state.out.clear();
        state.previous.clear();
        stages_[n]->reset(state);
        state.site = {options_.seed, static_cast<u32>(draw_ + sample), 0, place_[n]};
    }
    for (u32 t = 0; t < tape_.steps; ++t) {
        for (const std::size_t n : level.nodes) {
            if (graph_.steady[n] && t != 0) {
                continue;
            }
            bring_outer(n, {sample, t}, space);
            StageState& state = space.forward[n];
            state.site.step = t;
            stages_[n]->step(space.sources[n], state, t);
            keep(n, {sample, t}, state);
        }
        for (const std::size_t n : level.nodes) {
            if (graph_.remembered[n]) {
                std::swap(space.forward[n].out, space.forward[n].previous);
            }
        }
    }
}

/// The signals of sources that other levels, or the data, have given.
void Program::bring_outer(std::size_t node, Place at, Space& space) const {
    for (std::size_t i = 0; i < graph_.sources[node].size(); ++i) {
        Signal& signal = space.outer[node][i];
        const Origin& o = graph_.sources[node][i];
        if (space.sources[node][i].signal != &signal || (graph_.steady[o.node] && at.step != 0)) {
            continue;
        }
        signal.clear();
        if (o.previous && at.step == 0) {
            continue;
        }
        const u32* row = tape_.out[o.node].row(tape_.row(o.node, {at.sample, at.step - o.previous}));
        if (!graph_.events[o.node]) {
            signal.values = row;
            continue;
        }
        bool graded = false;
        for (std::size_t k = 0; k < graph_.size[o.node]; ++k) {
            if (row[k] != 0) {
                signal.index.push_back(static_cast<u32>(k));
                signal.amplitude.push_back(row[k]);
                graded = graded || row[k] != kOneBits;
            }
        }
        if (!graded) {
            signal.amplitude.clear();
        }
    }
}

void Program::keep(std::size_t node, Place at, StageState& state) {
    const std::size_t row = tape_.row(node, at);
    const std::size_t size = graph_.size[node];
    u32* const out = tape_.out[node].row(row);
    if (graph_.events[node] || state.out.values == nullptr) {
        std::fill_n(out, size, 0u);
        const EventView events = state.out.events();
        for (u32 e = 0; graph_.events[node] && e < events.count; ++e) {
            out[events.index[e]] = events.amplitude != nullptr ? events.amplitude[e] : kOneBits;
        }
    } else {
        for (std::size_t i = 0; i < size; ++i) {
            const u32 value = state.out.values[i];
            out[i] = value == kAbsent ? 0 : value;
        }
    }
    if (dropout_[node] > 0) {
        drop(dropout_draw(node, at.sample), dropout_[node], out, size);
        state.out.values = out;
    }
    if (!tape_.v[node].empty()) {
        const auto copy = [&](const Buffer& from, Rows& to) {
            if (!from.empty()) {
                std::copy_n(from.data(), size, to.row(row));
            }
        };
        copy(state.v, tape_.v[node]);
        copy(state.current, tape_.current[node]);
        copy(state.refractory, tape_.refractory[node]);
    }
}

void Program::backward() {
    for (auto level = graph_.levels.rbegin(); level != graph_.levels.rend(); ++level) {
        team_.each(tape_.samples, [&](std::size_t s, unsigned thread) {
            if (level == graph_.levels.rbegin()) {
                for (std::size_t n = 0; n < tape_.gradient.size(); ++n) {
                    Rows& rows = tape_.gradient[n];
                    if (n != graph_.output && graph_.learns[n]) {
                        std::fill_n(rows.row(s * tape_.rows_of[n]), tape_.rows_of[n] * rows.stride, 0u);
                    }
                }
            }
            pull_back(*level, s, spaces_[thread]);
        });
        for (auto n = level->norms.rbegin(); n != level->norms.rend(); ++n) {
            norms_[*n]->backward(tape_, std::get<nodes::BatchNorm>(network_.nodes[*n].kind), tensor_gradients_[*n],
                                 team_);
        }
    }
    sum_tensors();
}

void Program::pull_back(const Level& level, std::size_t sample, Space& space) {
    for (const std::size_t n : level.nodes) {
        if (graph_.learns[n]) {
            node_gradients_[n]->begin(space);
        }
    }
    for (u32 t = tape_.steps; t-- > 0;) {
        for (auto n = level.nodes.rbegin(); n != level.nodes.rend(); ++n) {
            if (!graph_.learns[*n] || (graph_.steady[*n] && t != 0)) {
                continue;
            }
            if (dropout_[*n] > 0) {
                u32* const gradient = tape_.gradient[*n].row(tape_.row(*n, {sample, t}));
                drop(dropout_draw(*n, sample), dropout_[*n], gradient, graph_.size[*n]);
            }
            node_gradients_[*n]->step(tape_, {sample, t}, space);
        }
    }
}

void Program::sum_tensors() {
    struct Task {
        std::size_t node, task;
    };
    std::vector<Task> tasks;
    for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
        const std::size_t count =
            node_gradients_[n] != nullptr && graph_.learns[n] ? node_gradients_[n]->tasks(tape_) : 0;
        for (std::size_t i = 0; i < count; ++i) {
            tasks.push_back({n, i});
        }
    }
    team_.each(tasks.size(), [&](std::size_t i, unsigned thread) {
        const Task& t = tasks[i];
        node_gradients_[t.node]->sum(tape_, t.task, spaces_[thread], tensor_gradients_[t.node]);
    });
}

std::string Program::strange_node() const {
    for (const std::size_t n : graph_.topology.order) {
        for (std::size_t r = 0; r < tape_.rows(n); ++r) {
            const u32* row = tape_.out[n].row(r);
            if (std::any_of(row, row + graph_.size[n], [](u32 x) { return !std::isfinite(number(x)); })) {
                return describe(network_.nodes[n]);
            }
        }
    }
    return "";
}

std::size_t Program::bytes() const {
    std::size_t values = 0;
    for (const auto* rows : {&tape_.out, &tape_.gradient, &tape_.v, &tape_.current, &tape_.refractory}) {
        for (const Rows& r : *rows) {
            values += r.data.size();
        }
    }
    return values * sizeof(u32);
}

}  // namespace axfire::train
