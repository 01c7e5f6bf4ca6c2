// SPDX-License-Identifier: Apache-2.0
#include "engine/convert/convert.h"

#include <cmath>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/convert/calibrate.h"
#include "engine/convert/compare.h"
#include "engine/network/operations.h"

namespace axfire {

namespace {

using Progress = std::function<void(const std::string&)>;

double parameter(const Network& network, std::size_t node, const char* name, double missing) {
    const auto& parameters = std::get<nodes::Neuron>(network.nodes[node].kind).parameters;
    const auto it = parameters.find(name);
    return it == parameters.end() ? missing : it->second[0];
}

std::vector<ActivationHistogram> histograms(const Network& network, const std::vector<std::size_t>& layers,
                                            const Calibration& calibration) {
    std::vector<TraceRequest> traces;
    for (const std::size_t n : layers) {
        traces.push_back({n, false, true});
    }
    std::vector<ActivationHistogram> found(layers.size());
    trace(network, traces, calibration, 1, [&](std::size_t, std::vector<Trace>& activations) {
        for (std::size_t l = 0; l < layers.size(); ++l) {
            for (const float a : activations[l].membrane) {
                found[l].add(a);
            }
        }
    });
    return found;
}

/// The largest input current of each population in the spiking network, those before it already balanced.
void balance(const Network& network, const Topology& topology, const std::vector<std::size_t>& layers, double factor,
             double v_init, const Calibration& calibration, SpikingPlan& plan, const Progress& progress) {
    for (const std::size_t n : layers) {
        const Network spiking = to_spiking(network, topology, plan);
        const Network part = network_up_to(spiking, node_named(spiking, network.nodes[n].name));
        const std::size_t at = node_named(part, network.nodes[n].name);
        float largest = 0;
        trace(part, {{at, false, true}}, calibration, 0, [&](std::size_t, std::vector<Trace>& traces) {
            for (const float current : traces[0].membrane) {
                largest = std::max(largest, current);
            }
        });
        plan.layers[n] = {{factor * largest}, {v_init}};
        progress(fmt::format("{}: largest current {:.4g}", network.nodes[n].name, largest));
    }
}

void check_scales(const Network& network, const SpikingPlan& plan) {
    for (const auto& [n, layer] : plan.layers) {
        if (!(layer.scale[0] > 0) || !std::isfinite(layer.scale[0])) {
            throw InputError(
                fmt::format("'{}': its activations are 0 for all samples, so that no threshold can be "
                            "chosen; use more --samples",
                            network.nodes[n].name));
        }
    }
}

}  // namespace

Conversion convert(const Network& network, const Calibration& calibration, const ConvertOptions& options,
                   const Progress& progress) {
    if (!(options.percentile > 0 && options.percentile <= 100)) {
        throw InputError(fmt::format("the percentile is {}; it must be above 0 and at most 100", options.percentile));
    }
    const Topology topology = analyse(network);
    const std::vector<std::size_t> layers = spiking_nodes(network, topology);
    SpikingPlan plan;
    plan.average_for_max = options.average_for_max;
    Network corrected = network;
    using enum ConversionMethod;
    if (options.method == threshold_balance || options.method == rmp) {
        plan.normalise_weights = false;
        balance(network, topology, layers, options.method == rmp ? options.rmp_factor : 1.0, options.v_init,
                calibration, plan, progress);
    } else {
        const std::vector<ActivationHistogram> activations = histograms(network, layers, calibration);
        for (std::size_t l = 0; l < layers.size(); ++l) {
            const std::size_t n = layers[l];
            double scale =
                options.method == maximum ? activations[l].maximum() : activations[l].percentile(options.percentile);
            scale = std::min(scale, parameter(network, n, "high", INFINITY));
            plan.layers[n] = {{parameter(network, n, "theta", scale)}, {options.v_init}};
        }
    }
    check_scales(network, plan);
    if (options.method == calibrate) {
        calibrate_conversion(corrected, topology, layers, calibration, plan, progress);
    }
    Conversion result;
    result.multiply_accumulates = multiply_accumulates(network, topology);
    result.network = to_spiking(corrected, topology, plan);
    result.layers = compare(network, result.network, layers, calibration, plan);
    return result;
}

}  // namespace axfire
