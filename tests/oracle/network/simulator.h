// SPDX-License-Identifier: Apache-2.0
// The whole network, step by step, every node by its name.
#pragma once

#include <memory>

#include "datasets/sample.h"
#include "tests/oracle/network/activation.h"
#include "tests/oracle/network/arrange.h"
#include "tests/oracle/network/elementwise.h"
#include "tests/oracle/network/maxpool.h"
#include "tests/oracle/network/neuron.h"
#include "tests/oracle/network/normalise.h"
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
            if (const auto* neuron = std::get_if<nodes::Neuron>(&node->kind); neuron != nullptr && !stateless(*node)) {
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
                        bool fired = false;
                        if (stateless(node)) {
                            const auto& neuron = std::get<nodes::Neuron>(node.kind);
                            membranes.push_back(Activation{neuron, i, setting_.neuron, where}(drive[i]));
                        } else {
                            fired = population.at(name)[i].step(drive[i], where, i);
                            membranes.push_back(population.at(name)[i].membrane());
                        }
                        out.push_back(fires(node) ? (fired ? std::optional(1.0F) : std::nullopt)
                                                  : std::optional(membranes[i]));
                    }
                    outcome.membrane[name].push_back(membranes);
                } else {
                    out = transformed(name, node, t, outcome, where);
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

    /// What arrives in step t from the k-th source of a node, whether by an edge of this step or of the last.
    Values arriving(const std::string& name, std::uint32_t t, const Outcome& outcome, std::size_t k = 0) const {
        const std::string& from = graph_.inputs.at(name).at(k);
        const Names& now = graph_.now.at(name);
        const bool this_step = std::find(now.begin(), now.end(), from) != now.end();
        return this_step ? outcome.signal.at(from)[t] : before(from, t, outcome);
    }
    Values before(const std::string& from, std::uint32_t t, const Outcome& outcome) const {
        return t == 0 ? Values(element_count(graph_.shape.at(from))) : outcome.signal.at(from)[t - 1];
    }
    std::string source_name(const std::string& name) const { return graph_.inputs.at(name)[0]; }

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

    Values transformed(const std::string& name, const Node& node, std::uint32_t t, Outcome& outcome,
                       const Where& where) const {
        const Units& units = setting_.synapse;
        const Shape& in = graph_.shape.at(source_name(name));
        const Shape& shape = graph_.shape.at(name);
        const bool events = graph_.events.at(source_name(name));
        const Values x = arriving(name, t, outcome);
        const auto projection = [&] {
            return Projection{units, events, setting_.multiply_spikes, where, outcome.work[name]};
        };
        const Element element{units, where};
        const Scaling scaling{events, setting_.multiply_spikes};
        if (const auto* linear = std::get_if<nodes::Linear>(&node.kind)) {
            return linear_sum(*linear, x, projection());
        }
        if (const auto* conv = std::get_if<nodes::Conv2d>(&node.kind)) {
            return conv_sum(*conv, x, in, shape, projection());
        }
        if (const auto* pool = std::get_if<nodes::Pool2d>(&node.kind)) {
            if (pool->kind != nodes::Pool2d::Kind::maximum) {
                return pool_sum(*pool, x, in, shape, projection());
            }
            std::vector<Values> history;
            for (std::uint32_t step = 0; step <= t; ++step) {
                history.push_back(arriving(name, step, outcome));
            }
            return largest_of(*pool, history, events, in, shape, units, where);
        }
        if (const auto* scale = std::get_if<nodes::Scale>(&node.kind)) {
            return scaled(*scale, x, scaling, element);
        }
        if (const auto* bias = std::get_if<nodes::Bias>(&node.kind)) {
            return biased(*bias, x, element);
        }
        if (const auto* norm = std::get_if<nodes::BatchNorm>(&node.kind)) {
            return normalised(*norm, x, shape, scaling, element);
        }
        if (std::holds_alternative<nodes::Multiply>(node.kind)) {
            const Shape& second = graph_.shape.at(graph_.inputs.at(name)[1]);
            return multiplied(x, shape, arriving(name, t, outcome, 1), second, element);
        }
        if (const auto* lrn = std::get_if<nodes::Lrn>(&node.kind)) {
            return response_normalised(*lrn, x, shape, element);
        }
        if (const auto* softmax = std::get_if<nodes::Softmax>(&node.kind)) {
            return softmax_of(*softmax, x, shape, units);
        }
        if (const auto* concat = std::get_if<nodes::Concat>(&node.kind)) {
            std::vector<Values> parts;
            std::vector<Shape> shapes;
            for (std::size_t k = 0; k < concat->inputs.size(); ++k) {
                parts.push_back(arriving(name, t, outcome, k));
                shapes.push_back(graph_.shape.at(concat->inputs[k]));
            }
            return concatenated(*concat, parts, shapes, shape);
        }
        if (const auto* rearrange = std::get_if<nodes::Rearrange>(&node.kind)) {
            return rearranged(*rearrange, x, events);
        }
        if (const auto* threshold = std::get_if<nodes::Threshold>(&node.kind)) {
            return compared(*threshold, x);
        }
        return x;  // flatten, reshape, output: as it came
    }

    /// By comparison; what did not arrive is +0.
    Values compared(const nodes::Threshold& threshold, const Values& x) const {
        Values out;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float limit = of_element(threshold.threshold, i);
            const float value = x[i].value_or(0.0F);
            const bool reached = network_.conventions.fire == Fire::gt ? value > limit : value >= limit;
            out.push_back(reached ? std::optional(1.0F) : std::nullopt);
        }
        return out;
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
        while (std::holds_alternative<nodes::Flatten>(graph_.node.at(origin)->kind) ||
               std::holds_alternative<nodes::Reshape>(graph_.node.at(origin)->kind)) {
            origin = source_name(origin);
        }
        const Node& last_node = *graph_.node.at(origin);
        if (!reading) {
            const bool membrane = std::holds_alternative<nodes::Neuron>(last_node.kind) && !stateless(last_node);
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
