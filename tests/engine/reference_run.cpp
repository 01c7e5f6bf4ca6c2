// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/reference_run.h"

#include <algorithm>
#include <map>

namespace axfire::test {

namespace {

oracle::Setting reference_setting(const SimulationOptions& options) {
    const Arithmetic& a = options.arithmetic;
    return {oracle::units_of(a.synapse_add, a.synapse_mul),
            oracle::units_of(a.neuron_add, a.neuron_mul),
            options.multiply_spikes,
            options.weight_format,
            options.input_events,
            options.seed};
}

std::optional<oracle::Reading> reading_of(Readout readout) {
    switch (readout) {
        case Readout::automatic:
            return std::nullopt;
        case Readout::spikes:
            return oracle::Reading::spikes;
        case Readout::last:
            return oracle::Reading::last;
        case Readout::sum:
            return oracle::Reading::sum;
    }
    return std::nullopt;
}

/// "" where a run of several steps of a part at once gives what one of single steps gave.
std::string layer_major_difference(const Simulation& simulation, const EncodedSample& sample,
                                   const std::vector<TraceRequest>& requests, const SampleResult& result) {
    Simulation::Workspace workspace(simulation, 3);
    const SampleResult other = simulation.run(sample, requests, workspace);
    const auto same_bits = [](const std::vector<float>& a, const std::vector<float>& b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                          [](float x, float y) { return std::bit_cast<u32>(x) == std::bit_cast<u32>(y); });
    };
    bool same = other.hash_words == result.hash_words && other.prediction == result.prediction &&
                same_bits(other.readout, result.readout);
    for (std::size_t l = 0; l < result.counts.size(); ++l) {
        same = same && other.counts[l].spikes == result.counts[l].spikes &&
               other.counts[l].synaptic_operations == result.counts[l].synaptic_operations &&
               other.counts[l].multiplications == result.counts[l].multiplications &&
               other.counts[l].neuron_updates == result.counts[l].neuron_updates;
    }
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const Trace& a = result.traces[i];
        const Trace& b = other.traces[i];
        same = same && a.spike_step == b.spike_step && a.spike_neuron == b.spike_neuron &&
               same_bits(a.membrane, b.membrane);
    }
    return same ? "" : "three steps of a part at once give something else than one";
}

/// Spikes and operations of each layer, and the words that the result's hash is formed over.
std::string difference_in_counts(const Network& network, const Simulation& simulation, const SampleResult& result,
                                 const oracle::Outcome& expected) {
    std::map<std::string, std::vector<u32>> words;  // spike count and final membrane of each neuron
    for (std::size_t l = 0; l < simulation.layers().size(); ++l) {
        const Layer& layer = simulation.layers()[l];
        const Node& node = network.nodes[layer.node];
        const Counts& counts = result.counts[l];
        const std::vector<oracle::Values>& signal = expected.signal.at(layer.name);
        const auto membrane = expected.membrane.find(layer.name);
        if (oracle::fires(node) || membrane != expected.membrane.end()) {
            std::uint64_t spikes = 0;
            for (std::size_t i = 0; i < signal[0].size(); ++i) {
                u32 of_neuron = 0;
                for (const oracle::Values& values : signal) {
                    of_neuron += oracle::fires(node) && values[i] ? 1 : 0;
                }
                spikes += of_neuron;
                words[layer.name].push_back(of_neuron);
                words[layer.name].push_back(
                    membrane == expected.membrane.end() ? 0 : std::bit_cast<u32>(membrane->second.back()[i]));
            }
            if (counts.spikes != spikes || counts.neuron_updates != signal.size() * signal[0].size()) {
                return layer.name + ": " + std::to_string(counts.spikes) + " spikes and " +
                       std::to_string(counts.neuron_updates) + " updates, not " + std::to_string(spikes) + " and " +
                       std::to_string(signal.size() * signal[0].size());
            }
        }
        const auto work = expected.work.find(layer.name);
        if (work != expected.work.end() &&
            (counts.synaptic_operations != work->second.additions || counts.multiplications != work->second.products)) {
            return layer.name + ": " + std::to_string(counts.synaptic_operations) + " additions and " +
                   std::to_string(counts.multiplications) + " products, not " + std::to_string(work->second.additions) +
                   " and " + std::to_string(work->second.products);
        }
    }
    for (const auto& [name, of_node] : words) {
        if (std::search(result.hash_words.begin(), result.hash_words.end(), of_node.begin(), of_node.end()) ==
            result.hash_words.end()) {
            return name + ": missing in the hash";
        }
    }
    return "";
}

/// The first difference between the engine's result and the reference's, or nothing.
std::string first_difference(const Network& network, const Simulation& simulation,
                             const std::vector<TraceRequest>& requests, const SampleResult& result,
                             const oracle::Outcome& expected, Compared& compared) {
    std::ostringstream text;
    // The earliest step counts: what comes later may only follow from it.
    std::uint32_t earliest = ~0u;
    const auto note = [&](std::uint32_t step, const std::string& what) {
        if (step < earliest) {
            earliest = step;
            text.str("");
            text << "step " << step << ": " << what;
        }
    };
    for (std::size_t r = 0; r < requests.size(); ++r) {
        const std::string& name = network.nodes[requests[r].node].name;
        const Trace& trace = result.traces[r];
        if (requests[r].spikes) {
            std::size_t k = 0;
            const std::vector<oracle::Values>& signal = expected.signal.at(name);
            for (std::uint32_t t = 0; t < signal.size(); ++t) {
                for (std::uint32_t i = 0; i < signal[t].size(); ++i) {
                    const bool fired =
                        k < trace.spike_step.size() && trace.spike_step[k] == t && trace.spike_neuron[k] == i;
                    k += fired ? 1 : 0;
                    if (signal[t][i]) {
                        ++compared.spikes;
                        compared.fired.insert(name);
                    }
                    if (fired != signal[t][i].has_value()) {
                        note(t, name + "[" + std::to_string(i) + "] " + (fired ? "fires" : "does not fire"));
                    }
                }
            }
            if (k != trace.spike_step.size() && earliest == ~0u) {
                note(~0u - 1, name + ": spikes out of order");
            }
        }
        if (requests[r].membrane) {
            const std::vector<std::vector<float>>& membrane = expected.membrane.at(name);
            std::size_t k = 0;
            for (std::uint32_t t = 0; t < membrane.size(); ++t) {
                for (std::size_t i = 0; i < membrane[t].size(); ++i, ++k) {
                    ++compared.membranes;
                    if (k >= trace.membrane.size()) {
                        note(t, name + ": the membrane trace ends");
                    } else if (!same_number(trace.membrane[k], membrane[t][i])) {
                        note(t, name + "[" + std::to_string(i) + "] membrane " + shown(trace.membrane[k]) + ", not " +
                                    shown(membrane[t][i]));
                    }
                }
            }
        }
    }
    if (earliest == ~0u) {
        for (std::size_t i = 0; i < expected.readout.size(); ++i) {
            if (i >= result.readout.size() || !same_number(result.readout[i], expected.readout[i])) {
                return "readout[" + std::to_string(i) + "] " +
                       (i < result.readout.size() ? shown(result.readout[i]) : "missing") + ", not " +
                       shown(expected.readout[i]);
            }
        }
        if (result.readout.size() != expected.readout.size() || result.prediction != expected.prediction) {
            return "prediction " + std::to_string(result.prediction) + ", not " + std::to_string(expected.prediction);
        }
        return difference_in_counts(network, simulation, result, expected);
    }
    return text.str();
}

}  // namespace

std::string compare_with_reference(const Network& network, const SimulationOptions& options,
                                   const EncodedSample& sample, Compared& compared,
                                   const std::optional<oracle::Setting>& setting) {
    const Simulation simulation(network, options);
    Simulation::Workspace workspace(simulation);
    std::vector<TraceRequest> requests;
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
        const bool spikes = oracle::fires(network.nodes[i]);
        const bool membrane = std::holds_alternative<nodes::Neuron>(network.nodes[i].kind);
        if (simulation.spikes(i) != spikes || simulation.has_membrane(i) != membrane) {
            return network.nodes[i].name + ": what can be recorded";
        }
        if (spikes || membrane) {
            requests.push_back({i, spikes, membrane});
        }
    }
    const SampleResult result = simulation.run(sample, requests, workspace);
    compared.in_parts += simulation.parts() > 1;
    if (const std::string text = layer_major_difference(simulation, sample, requests, result); !text.empty()) {
        return text;
    }
    oracle::Simulator reference(network, setting ? *setting : reference_setting(options));
    const oracle::Outcome expected = reference.run(sample, reading_of(options.readout));
    return first_difference(network, simulation, requests, result, expected, compared);
}

}  // namespace axfire::test
