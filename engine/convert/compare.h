// SPDX-License-Identifier: Apache-2.0
// A spiking network beside the conventional one that it was made from.
#pragma once

#include "engine/convert/convert.h"

namespace axfire {

/// Rates and errors of each population (by node of the conventional network), over the first samples of the
/// calibration, at most 32.
std::vector<LayerConversion> compare(const Network& conventional, const Network& spiking,
                                     const std::vector<std::size_t>& layers, const Calibration& calibration,
                                     const SpikingPlan& plan);

/// The node of that name, which must be there.
std::size_t node_named(const Network& network, const std::string& name);

/// Spikes of each neuron in a trace.
std::vector<std::uint32_t> spike_counts(const Trace& trace, std::size_t neurons);

}  // namespace axfire
