// SPDX-License-Identifier: Apache-2.0
// The constants that a neuron model derives from its parameters, by name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/network/network.h"

namespace axfire::train {

/// Constants (and v_init) by name, [neurons] each, rounded to binary32; an empty vector for one that the model has not.
struct NeuronConstants {
    std::map<std::string, std::vector<float>> values;

    NeuronConstants(const nodes::Neuron& node, const Conventions& how, std::size_t neurons);
    std::vector<float> operator[](const std::string& name) const;
};

}  // namespace axfire::train
