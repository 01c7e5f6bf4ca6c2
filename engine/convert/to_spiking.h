// SPDX-License-Identifier: Apache-2.0
// The spiking network of a conventional one, for given scales.
#pragma once

#include <map>
#include <vector>

#include "engine/network/network.h"

namespace axfire {

/// How one activation of the conventional network becomes a population of integrate-and-fire neurons. Each member has
/// one value for all neurons, or one for each; within a channel they are the same.
struct SpikingLayer {
    std::vector<double> scale{1};     ///< lambda: the activation that a spike in every step stands for
    std::vector<double> v_init{0.5};  ///< membrane before the first step, in thresholds
};

struct SpikingPlan {
    std::map<std::size_t, SpikingLayer> layers;  ///< by node of the conventional network: spiking_nodes()
    bool normalise_weights = true;  ///< threshold 1 and weights lambda_in / lambda_out; else threshold lambda_out
    bool average_for_max = false;   ///< average pooling in the place of maximum pooling
};

/// The nodes that become populations: neurons of the models relu, clip from 0, and qcfs, in topological order.
/// Throws InputError that names every node which has no spiking counterpart.
std::vector<std::size_t> spiking_nodes(const Network& network, const Topology& topology);

/// The spiking network: activations become `if` neurons that fire at v >= threshold and are reset by subtraction; the
/// spikes of a population stand for its scale. What is linear stays, with weights that take the scales of their
/// sources; sums get sources of one scale; a maximum becomes a gate. An output that is no population is accumulated by
/// an `i` neuron, in the units of the conventional network. Nodes keep their names. A softmax before the output is left
/// out.
Network to_spiking(const Network& network, const Topology& topology, const SpikingPlan& plan);

}  // namespace axfire
