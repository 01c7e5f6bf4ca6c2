// SPDX-License-Identifier: Apache-2.0
// A plot of membrane potentials over one sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/report/run_reader.h"

namespace axfire {

struct MembraneOptions {
    std::uint64_t sample = 0;
    std::string population{};            ///< node name; empty: the first with recorded membranes
    std::vector<std::size_t> neurons{};  ///< empty: the `count` that spike most, or the first
    std::size_t count = 5;
};

/// An SVG picture, 900 pixels wide: a line for each neuron, the threshold where it is known, the neurons' spikes (where
/// recorded) as ticks above, a legend.
/// Throws InputError when the sample, the population's membranes or a neuron is not in the file.
std::string membrane_svg(const RunReader& run, const MembraneOptions& options = {});

}  // namespace axfire
