// SPDX-License-Identifier: Apache-2.0
// The whole network, step by step, every node by its name.
#pragma once

#include <memory>

#include "datasets/sample.h"
#include "tests/oracle/network/neuron.h"
#include "tests/oracle/network/synapse.h"

namespace axfire::oracle {

struct Setting {
    Units synapse;
    Units neuron;
    bool multiply_spikes = false;
    std::optional<Format> weight_format;
    bool input_events = true;
    u64 seed = 0;  ///< of stochastic roundings
};

enum class Reading { spikes, last, sum };

struct Outcome {
    std::map<std::string, std::vector<Values>> signal;                ///< what each node emitted, by step
    std::map<std::string, std::vector<std::vector<float>>> membrane;  ///< neurons: after each step
    std::map<std::string, Work> work;                                 ///< projections
    std::vector<float> readout;
    int prediction = -1;
};

class Simulator {
public:
    Simulator(Network network, Setting setting) : network_(std::move(network)), setting_(std::move(setting)) {
        for (Node& node : network_.nodes) {
            std::visit([&](auto& kind) { store_weights(kind); }, node.kind);
        }
        graph_ = graph_of(network_, setting_.input_events);
    }

    Outcome run(const EncodedSample& sample, std::optional<Reading> reading = {}) {
        Outcome outcome;
        std::map<std::string, std::vector<OneNeuron>> population;
        for (const auto& [name, node] : graph_.node) {
            if (const auto* neuron = std::get_if<nodes::Neuron>(&node->kind)) {
                for (std::size_t i = 0; i < element_count(graph_.shape.at(name)); ++i) {
                    population[name].emplace_back(*neuron, i, network_.conventions, setting_.neuron);
                }
            }
        }
        const bool drawn = setting_.synapse.stochastic || setting_.neuron.stochastic;
        for (std::uint32_t t = 0; t < sample.steps; ++t) {
            Where where{setting_.seed, static_cast<u32>(sample.sample_index), t, 0, drawn};
            for (const std::string& name : graph_.order) {
                where.node =
                    static_cast<u32>(std::find(graph_.order.begin(), graph_.order.end(), name) - graph_.order.begin());
                const Node& node = *graph_.node.at(name);
                Values out;
                if (std::holds_alternative<nodes::Input>(node.kind)) {
                    out = input_of(sample, t, element_count(graph_.shape.at(name)));
                } else if (const auto* delay = std::get_if<nodes::Delay>(&node.kind)) {
                    out = delayed(name, *delay, t, outcome);
                } else if (std::holds_alternative<nodes::Neuron>(node.kind)) {
                    const Values drive = total(name, t, outcome, where);
                    std::vector<float> membranes;
                    for (std::size_t i = 0; i < drive.size(); ++i) {
                        OneNeuron& neuron = population.at(name)[i];
                        const bool fired = neuron.step(drive[i], where, i);
                        membranes.push_back(neuron.membrane());
                        out.push_back(fires(node) ? (fired ? std::optional(1.0F) : std::nullopt)
                                                  : std::optional(neuron.membrane()));
                    }
                    outcome.membrane[name].push_back(membranes);
                } else {
                    out = transformed(name, node, source(name, t, outcome), outcome, where);
                }
                outcome.signal[name].push_back(out);
            }
        }
        read(outcome, reading);
        return outcome;
    }

    const Graph& graph() const { return graph_; }

private:
    template <class Kind>
    void store_weights(Kind& kind) {
        if constexpr (requires { kind.weight; }) {
            for (float& w : kind.weight.data) {
                w = stored(w);
            }
        }
    }
    float stored(float w) const {
        return setting_.weight_format ? into_format(*setting_.weight_format, Rounding::rne, w) : w;
    }

    /// Of the only source, whatever its delay by recurrence.
    Values source(const std::string& name, std::uint32_t t, const Outcome& outcome) const {
        if (!graph_.now.at(name).empty()) {
            return outcome.signal.at(graph_.now.at(name)[0])[t];
        }
        return before(graph_.before.at(name)[0], t, outcome);
    }
    Values before(const std::string& from, std::uint32_t t, const Outcome& outcome) const {
        return t == 0 ? Values(element_count(graph_.shape.at(from))) : outcome.signal.at(from)[t - 1];
    }
    std::string source_name(const std::string& name) const {
        return graph_.now.at(name).empty() ? graph_.before.at(name)[0] : graph_.now.at(name)[0];
    }

    /// What several sources of a neuron bring, added from left to right.
    Values total(const std::string& name, std::uint32_t t, const Outcome& outcome, const Where& where) const {
        Values sum(element_count(graph_.shape.at(name)));
        u32 ordinal = 1u << 23;  // the neuron's own operations count from 0
        const auto include = [&](const Values& term) {
            for (u32 i = 0; i < sum.size(); ++i) {
                const auto word = [&](Word which) { return where.word(i, ordinal, which); };
                if (term[i] && sum[i]) {
                    sum[i] =
                        setting_.synapse.sum(setting_.synapse.into_adder(*sum[i], word(Word::product)),
                                             setting_.synapse.into_adder(*term[i], word(Word::term)), word(Word::sum));
                } else if (term[i]) {
                    sum[i] = term[i];
                }
            }
            ++ordinal;
        };
        for (const std::string& from : graph_.now.at(name)) {
            include(outcome.signal.at(from)[t]);
        }
        for (const std::string& from : graph_.before.at(name)) {
            include(before(from, t, outcome));
        }
        return sum;
    }

    Values delayed(const std::string& name, const nodes::Delay& delay, std::uint32_t t, const Outcome& outcome) const {
        Values out(element_count(graph_.shape.at(name)));
        for (std::size_t i = 0; i < out.size(); ++i) {
            const double seconds = delay.delay_s.size() == 1 ? delay.delay_s[0] : delay.delay_s[i];
            long from = static_cast<long>(t) - std::lround(seconds / (network_.conventions.dt_ms / 1000));
            if (graph_.now.at(name).empty()) {
                --from;  // it hears the spikes of the last step
            }
            if (from >= 0) {
                out[i] = outcome.signal.at(source_name(name))[from][i];
            }
        }
        return out;
    }

    Values transformed(const std::string& name, const Node& node, const Values& x, Outcome& outcome,
                       const Where& where) const {
        const Shape& in = graph_.shape.at(source_name(name));
        const Shape& shape = graph_.shape.at(name);
        const Projection p{setting_.synapse, graph_.events.at(source_name(name)), setting_.multiply_spikes, where,
                           outcome.work[name]};
        if (const auto* linear = std::get_if<nodes::Linear>(&node.kind)) {
            return linear_sum(*linear, x, p);
        }
        if (const auto* conv = std::get_if<nodes::Conv2d>(&node.kind)) {
            return conv_sum(*conv, x, in, shape, p);
        }
        if (const auto* pool = std::get_if<nodes::Pool2d>(&node.kind)) {
            return pool_sum(*pool, x, in, shape, p);
        }
        Values out = x;
        for (u32 i = 0; i < out.size(); ++i) {
            if (const auto* scale = std::get_if<nodes::Scale>(&node.kind)) {
                const float s = scale->scale.data[scale->scale.data.size() == 1 ? 0 : i];
                const bool plain_spike = p.events && out[i] && *out[i] == 1 && !p.multiply_spikes;
                if (plain_spike) {
                    out[i] = setting_.synapse.for_adder(s);                      // as through a synapse of weight s
                } else if (out[i] && setting_.synapse.for_multiplier(s) != 1) {  // as the unit holds it
                    const Units& units = setting_.synapse;
                    out[i] = units.product(units.into_multiplier(*out[i], where.word(i, 0xffffff, Word::product)),
                                           units.for_multiplier(s), where.word(i, 0, Word::product));
                }
            } else if (const auto* threshold = std::get_if<nodes::Threshold>(&node.kind)) {
                const float limit = threshold->threshold.data[threshold->threshold.data.size() == 1 ? 0 : i];
                const float value = x[i].value_or(0.0F);
                const bool reached = network_.conventions.fire == Fire::gt ? value > limit : value >= limit;
                out[i] = reached ? std::optional(1.0F) : std::nullopt;
            }
        }
        return out;  // flatten, output: as it came
    }

    static Values input_of(const EncodedSample& sample, std::uint32_t t, std::size_t size) {
        Values out(size);
        if (!sample.step_begin.empty()) {
            for (std::uint32_t e = sample.step_begin[t]; e < sample.step_begin[t + 1]; ++e) {
                out[sample.index[e]] = sample.amplitude[e];
            }
        } else {
            for (std::size_t i = 0; i < size; ++i) {
                out[i] = sample.values[(sample.constant ? 0 : t * size) + i];
            }
        }
        return out;
    }

    void read(Outcome& outcome, std::optional<Reading> reading) const {
        std::string end;
        for (const auto& [name, node] : graph_.node) {
            end = std::holds_alternative<nodes::Output>(node->kind) ? name : end;
        }
        std::string origin = source_name(end);
        while (std::holds_alternative<nodes::Flatten>(graph_.node.at(origin)->kind)) {
            origin = source_name(origin);
        }
        const Node& last_node = *graph_.node.at(origin);
        if (!reading) {
            const bool membrane = std::holds_alternative<nodes::Neuron>(last_node.kind);
            reading = fires(last_node) ? Reading::spikes : membrane ? Reading::last : Reading::sum;
        }
        const auto population = outcome.membrane.find(origin);
        const std::vector<Values>& history = outcome.signal.at(end);
        outcome.readout.assign(element_count(graph_.shape.at(end)), 0.0F);
        for (const Values& values : history) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                float& r = outcome.readout[i];
                if (*reading == Reading::last) {
                    r = values[i].value_or(0.0F);
                } else if (values[i]) {
                    r = canonical(r + (*reading == Reading::spikes ? 1.0F : *values[i]));
                }
            }
        }
        if (*reading == Reading::last && population != outcome.membrane.end()) {
            outcome.readout = population->second.back();  // of spiking neurons too
        }
        for (std::size_t i = 0; i < outcome.readout.size(); ++i) {
            const float best = outcome.prediction < 0 ? 0.0F : outcome.readout[outcome.prediction];
            if (!std::isnan(outcome.readout[i]) && (outcome.prediction < 0 || outcome.readout[i] > best)) {
                outcome.prediction = static_cast<int>(i);
            }
        }
    }

    Network network_;
    Setting setting_;
    Graph graph_;
};

}  // namespace axfire::oracle
