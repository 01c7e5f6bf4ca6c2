// SPDX-License-Identifier: Apache-2.0
// A simulation on the CPU and on the device, bit for bit.
#pragma once

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "engine/simulation/device/device_simulation.h"
#include "tests/device/device.h"

namespace axfire::test {

/// Equal bits; every NaN is one.
inline bool same_floats(const std::vector<float>& a, const std::vector<float>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
        return (x != x && y != y) || std::bit_cast<u32>(x) == std::bit_cast<u32>(y);
    });
}

/// The first thing in which two results of one sample differ, or nothing.
inline std::string difference(const Simulation& simulation, const SampleResult& cpu, const SampleResult& device) {
    for (std::size_t i = 0; i < cpu.traces.size(); ++i) {
        const Trace& a = cpu.traces[i];
        const Trace& b = device.traces[i];
        if (a.spike_step != b.spike_step || a.spike_neuron != b.spike_neuron) {
            return "the spikes of traced population " + std::to_string(i) + ": " + std::to_string(b.spike_step.size()) +
                   ", not " + std::to_string(a.spike_step.size());
        }
        if (!same_floats(a.membrane, b.membrane)) {
            return "the membranes of traced population " + std::to_string(i);
        }
    }
    for (std::size_t l = 0; l < cpu.counts.size(); ++l) {
        const Counts& a = cpu.counts[l];
        const Counts& b = device.counts[l];
        const auto differs = [&](const char* what, std::uint64_t x, std::uint64_t y) {
            return simulation.layers()[l].name + ": " + std::to_string(y) + " " + what + ", not " + std::to_string(x);
        };
        if (a.spikes != b.spikes) {
            return differs("spikes", a.spikes, b.spikes);
        }
        if (a.synaptic_operations != b.synaptic_operations) {
            return differs("additions", a.synaptic_operations, b.synaptic_operations);
        }
        if (a.multiplications != b.multiplications) {
            return differs("products", a.multiplications, b.multiplications);
        }
        if (a.neuron_updates != b.neuron_updates) {
            return differs("updates", a.neuron_updates, b.neuron_updates);
        }
    }
    if (!same_floats(cpu.readout, device.readout) || cpu.prediction != device.prediction ||
        cpu.prediction_at != device.prediction_at) {
        return "the read-out";
    }
    return cpu.hash_words == device.hash_words ? "" : "the words of the hash";
}

/// Runs the samples both ways, with everything traced; the first difference, or nothing. Inputs and recordings go in
/// blocks of few steps; on the device a batch begins while another one is in work.
inline std::string compare(const Network& network, SimulationOptions options, const std::vector<EncodedSample>& samples,
                           std::size_t block_words = 1000) {
    options.jit = Jit::off;
    const Simulation simulation(network, options);
    std::vector<TraceRequest> requests;
    for (const Layer& layer : simulation.layers()) {
        if (simulation.spikes(layer.node) || simulation.has_membrane(layer.node)) {
            requests.push_back({layer.node, simulation.spikes(layer.node), simulation.has_membrane(layer.node)});
        }
    }
    const Notice silent = [](const std::string&) {};
    DeviceSimulation device(simulation,
                            {cuda::choose_device(), samples.size(), samples.front().steps, 0, {}, silent, block_words});
    const std::vector<SampleResult> found = device.run(samples, requests, true);
    device.send(samples);
    device.begin({}, false);
    device.send(samples);
    device.begin({}, false);
    for (std::size_t again = 0; again < 2; ++again) {
        const std::vector<SampleResult> same = device.finish();
        for (std::size_t i = 0; i < samples.size(); ++i) {
            if (same[i].hash_words != found[i].hash_words) {
                return "sample " + std::to_string(i) + ": the hash of a later batch";
            }
        }
    }
    Simulation::Workspace workspace(simulation);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const SampleResult expected = simulation.run(samples[i], requests, workspace, true);
        if (const std::string text = difference(simulation, expected, found[i]); !text.empty()) {
            return "sample " + std::to_string(i) + ": " + text;
        }
    }
    return "";
}

}  // namespace axfire::test
