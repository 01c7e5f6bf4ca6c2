// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/simulation.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire {

std::int32_t largest(const std::vector<float>& values) {
    std::int32_t best = -1;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isnan(values[i]) && (best < 0 || values[i] > values[static_cast<std::size_t>(best)])) {
            best = static_cast<std::int32_t>(i);
        }
    }
    return best;
}

SampleResult Simulation::run(const EncodedSample& sample, const std::vector<TraceRequest>& traces, Workspace& w,
                             bool predict_every_step) const {
    for (std::size_t n = 0; n < stages_.size(); ++n) {
        w.state[n].out.clear();
        w.state[n].previous.clear();
        w.state[n].counts = {};
        if (stages_[n] != nullptr) {
            stages_[n]->reset(w.state[n]);
        }
        w.state[n].site = {seed_, static_cast<u32>(sample.sample_index), 0, place_[n]};
    }
    if (rounds_stochastically_ && sample.steps > 1u << 24) {
        throw InputError(fmt::format("stochastic rounding takes at most {} steps", 1u << 24));
    }
    w.readout.assign(output_size_, 0.0f);
    SampleResult result;
    result.traces.resize(traces.size());
    for (std::size_t first = 0; first < sample.steps; first += w.steps) {
        const std::size_t end = std::min<std::size_t>(first + w.steps, sample.steps);
        for (std::size_t p = 0; p < parts_.size(); ++p) {
            const Part& part = parts_[p];
            for (std::size_t at = first; at < end; ++at) {
                const u32 t = static_cast<u32>(at);
                for (const Link& link : part.links) {
                    w.sources[link.node][link.source].signal = &w.kept[link.from][at - first];
                }
                if (part.has_input) {
                    feed(sample, t, w);
                }
                step(part, w, t, sample.constant);
                for (std::size_t i = 0; i < traces.size(); ++i) {
                    if (part_[traces[i].node] == p) {
                        trace(w, t, traces[i], result.traces[i]);
                    }
                }
                if (part.has_output) {
                    read_out(w);
                    if (predict_every_step) {
                        result.prediction_at.push_back(largest(read(w)));
                    }
                }
                pass_on(part, w, at - first);
            }
        }
    }
    finish(w, result);
    return result;
}

void Simulation::step(const Part& part, Workspace& w, u32 t, bool constant_input) const {
    for (const std::size_t n : part.computing) {
        StageState& s = w.state[n];
        if (steady_[n] && constant_input && t != 0) {  // what it gave is still there
            s.counts += s.first_step;
            continue;
        }
        s.site.step = t;
        stages_[n]->step(w.sources[n], s, t);
        if (t == 0) {
            s.first_step = s.counts;
        }
    }
    for (const std::size_t n : part.late) {
        stages_[n]->accept(w.sources[n], w.state[n], t);
    }
}

void Simulation::pass_on(const Part& part, Workspace& w, std::size_t slot) const {
    for (const std::size_t n : part.kept) {
        if (remembered_[n]) {
            w.kept[n][slot] = w.state[n].out;
        } else {
            std::swap(w.kept[n][slot], w.state[n].out);
        }
    }
    for (const std::size_t n : part.remembered) {
        std::swap(w.state[n].out, w.state[n].previous);
    }
}

/// The input node's signal of step t.
void Simulation::feed(const EncodedSample& sample, u32 t, Workspace& w) const {
    Signal& out = w.state[input_].out;
    out.clear();
    if (events_[input_]) {
        bool graded = false;
        for (u32 e = sample.step_begin[t]; e < sample.step_begin[t + 1]; ++e) {
            out.index.push_back(sample.index[e]);
            out.amplitude.push_back(std::bit_cast<u32>(sample.amplitude[e]));
            graded = graded || sample.amplitude[e] != 1.0f;
        }
        if (!graded) {
            out.amplitude.clear();
        }
        return;
    }
    if (t == 0 || !sample.constant) {
        const float* values = sample.values.data() + (sample.constant ? 0 : static_cast<std::size_t>(t) * input_size_);
        for (std::size_t i = 0; i < input_size_; ++i) {
            w.input[i] = std::isnan(values[i]) ? kCanonicalNan : std::bit_cast<u32>(values[i]);
        }
    }
    out.values = w.input.data();
}

void Simulation::trace(Workspace& w, u32 t, const TraceRequest& request, Trace& trace) const {
    const StageState& s = w.state[request.node];
    if (request.spikes) {
        trace.spike_step.insert(trace.spike_step.end(), s.out.index.size(), t);
        trace.spike_neuron.insert(trace.spike_neuron.end(), s.out.index.begin(), s.out.index.end());
    }
    if (request.membrane) {
        for (const u32 v : s.v.values()) {
            trace.membrane.push_back(std::bit_cast<float>(v));
        }
    }
}

/// Adds what the output gives in this step to a summed read-out.
void Simulation::read_out(Workspace& w) const {
    const StageState& source = w.state[output_.node];
    const Signal& out = output_.previous ? source.previous : source.out;
    if (readout_ == Readout::spikes) {
        const EventView events = out.events();
        for (u32 e = 0; e < events.count; ++e) {
            w.readout[events.index[e]] +=
                events.amplitude != nullptr ? std::bit_cast<float>(events.amplitude[e]) : 1.0f;
        }
    } else {
        for (std::size_t i = 0; i < output_size_; ++i) {
            const bool none = out.values == nullptr || out.values[i] == kAbsent;
            const float value = none ? 0.0f : std::bit_cast<float>(out.values[i]);
            w.readout[i] = readout_ == Readout::last ? value : w.readout[i] + value;
        }
    }
}

std::vector<float> Simulation::read(const Workspace& w) const {
    std::vector<float> values = w.readout;
    if (readout_ == Readout::last && has_membrane(output_.node)) {
        for (std::size_t i = 0; i < output_size_; ++i) {
            values[i] = std::bit_cast<float>(w.state[output_.node].v[i]);
        }
    }
    return values;
}

void Simulation::finish(Workspace& w, SampleResult& result) const {
    result.readout = read(w);
    result.prediction = largest(result.readout);
    std::size_t neurons = 0;
    for (const Layer& layer : layers_) {
        result.counts.push_back(w.state[layer.node].counts);
        neurons += layer.neurons;
    }
    result.hash_words = std::move(w.hash_words_);
    result.hash_words.resize(2 * neurons);
    u32* word = result.hash_words.data();
    for (const Layer& layer : layers_) {
        const StageState& s = w.state[layer.node];
        const u32* const spikes = s.spike_count.empty() ? nullptr : s.spike_count.data();
        const u32* const membrane = s.v.empty() ? nullptr : s.v.data();
        for (std::size_t i = 0; i < layer.neurons; ++i) {
            const u32 v = membrane != nullptr ? membrane[i] : 0;
            *word++ = spikes != nullptr ? spikes[i] : 0;
            *word++ = (v & ~kSignBit) > kInfinityBits ? kCanonicalNan : v;
        }
    }
    if (!has_membrane(output_.node) && !spikes(output_.node)) {  // a stateless read-out
        result.hash_words.resize(2 * (neurons + result.readout.size()));
        word = result.hash_words.data() + 2 * neurons;
        for (const float value : result.readout) {
            *word++ = 0;
            *word++ = std::isnan(value) ? kCanonicalNan : std::bit_cast<u32>(value);
        }
    }
}

}  // namespace axfire
