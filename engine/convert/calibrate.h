// SPDX-License-Identifier: Apache-2.0
// Corrections of a spiking network by what it does over some samples.
#pragma once

#include "engine/convert/convert.h"

namespace axfire {

/// Changes weights and biases of `network`, and the initial membranes of `plan`, so that the spiking network's mean
/// outputs over the calibration's steps come near the activations.
void calibrate_conversion(Network& network, const Topology& topology, const std::vector<std::size_t>& layers,
                          const Calibration& calibration, SpikingPlan& plan,
                          const std::function<void(const std::string&)>& progress);

}  // namespace axfire
