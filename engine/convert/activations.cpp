// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/activations.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace axfire {

namespace {

constexpr unsigned kDropped = 14;  // of 23 fraction bits
constexpr std::size_t kBins = std::size_t{1} << (31 - kDropped);

double edge(std::size_t bin) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bin << kDropped));
}

}  // namespace

ActivationHistogram::ActivationHistogram() : bins_(kBins) {}

void ActivationHistogram::add(float value) {
    if (!(value > 0) || !std::isfinite(value)) {
        return;
    }
    ++bins_[std::bit_cast<std::uint32_t>(value) >> kDropped];
    ++count_;
    sum_ += value;
    maximum_ = std::max(maximum_, value);
}

double ActivationHistogram::percentile(double percent) const {
    const double wanted = static_cast<double>(count_) * percent / 100;
    double below = 0;
    for (std::size_t i = 0; i < bins_.size() && count_ != 0; ++i) {
        const double here = static_cast<double>(bins_[i]);
        if (here != 0 && below + here >= wanted) {
            const double value = edge(i) + (edge(i + 1) - edge(i)) * std::max(0.0, wanted - below) / here;
            return std::min(value, static_cast<double>(maximum_));
        }
        below += here;
    }
    return maximum_;
}

void trace(const Network& network, const std::vector<TraceRequest>& traces, const Calibration& calibration,
           std::uint32_t steps, const std::function<void(std::size_t, std::vector<Trace>&)>& sink) {
    SimulationOptions options;
    options.input_events = calibration.encoder.encoding != Encoding::direct;
    const Simulation simulation(network, options);
    RunOptions run;
    run.encoder = calibration.encoder;
    run.encoder.steps = steps != 0 ? steps : calibration.encoder.steps;
    run.samples = calibration.samples;
    run.threads = calibration.threads;
    run.batch = std::max(1u, calibration.threads);
    run.traces = traces;
    std::size_t sample = 0;
    run_samples(simulation, calibration.data, run, [&](std::span<FinishedSample> batch, const RunTotals&) {
        for (FinishedSample& s : batch) {
            sink(sample++, s.result.traces);
        }
    });
}

Network network_up_to(const Network& network, std::size_t node) {
    std::vector<bool> wanted(network.nodes.size());
    std::vector<std::size_t> pending{node};
    wanted[node] = true;
    while (!pending.empty()) {
        const std::size_t n = pending.back();
        pending.pop_back();
        for (const Edge& edge : network.edges) {
            if (edge.to == n && !wanted[edge.from]) {
                wanted[edge.from] = true;
                pending.push_back(edge.from);
            }
        }
    }
    Network part;
    part.conventions = network.conventions;
    std::vector<std::size_t> index(network.nodes.size());
    std::string name = "output";
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        if (wanted[n]) {
            index[n] = part.nodes.size();
            part.nodes.push_back(network.nodes[n]);
            name += network.nodes[n].name == name ? "_" : "";
        }
    }
    for (const Edge& edge : network.edges) {
        if (wanted[edge.from] && wanted[edge.to]) {
            part.edges.push_back({index[edge.from], index[edge.to]});
        }
    }
    part.nodes.push_back({name, nodes::Output{}});
    part.edges.push_back({index[node], part.nodes.size() - 1});
    return part;
}

}  // namespace axfire
