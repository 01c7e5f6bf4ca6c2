// SPDX-License-Identifier: Apache-2.0
// Corrections of a spiking network by what it does over some samples.
#pragma once

#include "engine/convert/convert.h"

namespace axfire {

/// Goes through the populations in topological order, those before each already calibrated, and brings the mean of its
/// spikes over the calibration's steps near the activations:
///
/// 1. weights and bias of the projection into it: ridge regression of what the mean input current misses of the
///    activation's argument, on the mean inputs; what both have below 0 counts as met;
/// 2. threshold and initial membrane of each channel: of a grid around the 99.9th percentile of its activations, those
/// of
///    least squared error for the currents as they come;
/// 3. bias of each channel: the mean error, four times.
///
/// Then weights and bias of the projection before the read-out as in 1. After Li et al., ICML 2021 (bias and potential
/// calibration, layer by layer). Changes weights and biases of `network`, and the plan.
void calibrate_conversion(Network& network, const Topology& topology, const std::vector<std::size_t>& layers,
                          const Calibration& calibration, SpikingPlan& plan,
                          const std::function<void(const std::string&)>& progress);

}  // namespace axfire
