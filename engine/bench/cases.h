// SPDX-License-Identifier: Apache-2.0
// The layers that are timed: a network of one layer and the sample that it runs on.
#pragma once

#include <string>
#include <vector>

#include "datasets/sample.h"
#include "engine/network/network.h"

namespace axfire::bench {

struct Case {
    std::string shape;  ///< "512 to 512, 20 steps"
    std::string unit;   ///< what is counted: "MAC", "event" (of a synapse), "update"
    Network network;
    EncodedSample sample;
    bool events;  ///< the input is events
};

/// "linear", "conv2d", ...
std::vector<std::string> case_names();

/// The case of one of these names, with weights and inputs from the counter-based generator under `seed`.
Case make_case(const std::string& name, std::uint64_t seed);

/// A quantity of which the time of a layer is to depend.
struct Growth {
    std::string quantity;  ///< "steps", "active inputs, %", ...
    std::string kernel;
    std::vector<double> values;
};
std::vector<Growth> growths();

/// The case of the growth at that index for one of its values.
Case make_growth_case(std::size_t growth, double value, std::uint64_t seed);

}  // namespace axfire::bench
