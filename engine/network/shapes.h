// SPDX-License-Identifier: Apache-2.0
// Shapes of the signals in a network.
#pragma once

#include <vector>

#include "engine/network/network.h"

namespace axfire {

/// Output shape of each node. `topology` has its order and sources already; the checks of check.h have passed and the
/// input reaches every node. A neuron, delay, scale or threshold node of one value takes the shape of its source.
/// Throws InputError that names the nodes of an edge whose shapes do not fit.
std::vector<Shape> infer_shapes(const Network& network, const Topology& topology);

}  // namespace axfire
