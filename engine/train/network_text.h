// SPDX-License-Identifier: Apache-2.0
// Networks described in a short TOML text (docs/training.md), and those with a name.
#pragma once

#include <map>
#include <string>

#include "engine/network/network.h"

namespace axfire::train {

/// A network to be trained: its weights are there, and +0.
struct DescribedNetwork {
    Network network;
    std::map<std::string, double> dropout;  ///< by node, an identity: probability that an element is dropped
};

/// Parses a description; `input` is the shape where the text gives none, `where` names the text in messages. Throws
/// InputError with a line for what cannot be.
DescribedNetwork parse_network(const std::string& text, const std::string& where, const Shape& input);

/// The description of lenet5, vgg9, resnet20, snn-conv or mlp:784-128-10, with so many outputs; empty for another name.
std::string named_network(const std::string& name, std::size_t classes);
/// The names, separated by ", ".
std::string known_networks();

/// Weights drawn anew: uniform within +-sqrt(6 / fan-in) (He et al., ICCV 2015), those before the output within
/// +-sqrt(3 / fan-in); other parameters as they are.
void draw_weights(Network& network, std::uint64_t seed);

/// The network without the nodes that dropout stands at.
Network without_dropout(Network network, const std::map<std::string, double>& dropout);

}  // namespace axfire::train
