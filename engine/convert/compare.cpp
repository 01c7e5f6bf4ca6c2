// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/compare.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace axfire {

namespace {

constexpr std::size_t kSamples = 32;

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

std::size_t node_named(const Network& network, const std::string& name) {
    std::size_t n = 0;
    while (network.nodes.at(n).name != name) {
        ++n;
    }
    return n;
}

std::vector<std::uint32_t> spike_counts(const Trace& trace, std::size_t neurons) {
    std::vector<std::uint32_t> counts(neurons);
    for (const std::uint32_t n : trace.spike_neuron) {
        ++counts[n];
    }
    return counts;
}

std::vector<LayerConversion> compare(const Network& conventional, const Network& spiking,
                                     const std::vector<std::size_t>& layers, const Calibration& calibration,
                                     const SpikingPlan& plan) {
    Calibration few = calibration;
    few.samples = std::min(few.samples, kSamples);
    std::vector<TraceRequest> activations, spikes;
    for (const std::size_t n : layers) {
        activations.push_back({n, false, true});
        spikes.push_back({node_named(spiking, conventional.nodes[n].name), true, false});
    }
    std::vector<std::vector<std::vector<float>>> expected(few.samples);  // [sample][layer][neuron]
    trace(conventional, activations, few, 1, [&](std::size_t sample, std::vector<Trace>& traces) {
        for (Trace& t : traces) {
            expected[sample].push_back(std::move(t.membrane));
        }
    });
    std::vector<double> error(layers.size()), norm(layers.size()), asked(layers.size()), measured(layers.size());
    const double steps = calibration.encoder.steps;
    trace(spiking, spikes, few, 0, [&](std::size_t sample, std::vector<Trace>& traces) {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::vector<float>& a = expected[sample][l];
            const std::vector<std::uint32_t> counts = spike_counts(traces[l], a.size());
            const std::vector<double>& scales = plan.layers.at(layers[l]).scale;
            for (std::size_t i = 0; i < a.size(); ++i) {
                const double scale = scales[scales.size() == 1 ? 0 : i];
                const double value = scale * counts[i] / steps;
                error[l] += (value - a[i]) * (value - a[i]);
                norm[l] += static_cast<double>(a[i]) * a[i];
                asked[l] += std::min(a[i] / scale, 1.0) / static_cast<double>(a.size() * few.samples);
                measured[l] += counts[i] / steps / static_cast<double>(a.size() * few.samples);
            }
        }
    });
    std::vector<LayerConversion> result;
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const auto& neuron = std::get<nodes::Neuron>(spiking.nodes[spikes[l].node].kind);
        result.push_back({conventional.nodes[layers[l]].name, expected[0][l].size(),
                          mean(plan.layers.at(layers[l]).scale), mean(neuron.parameters.at("v_threshold")), asked[l],
                          measured[l], norm[l] > 0 ? std::sqrt(error[l] / norm[l]) : 0});
    }
    return result;
}

}  // namespace axfire
