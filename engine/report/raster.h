// SPDX-License-Identifier: Apache-2.0
// A raster plot of one sample: a mark for each spike, time to the right, neurons upward.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/report/run_reader.h"

namespace axfire {

struct RasterOptions {
    std::uint64_t sample = 0;
    std::vector<std::string> populations{};  ///< by node name, from top to bottom; empty: all with recorded spikes
    std::size_t most_marks = 200'000;        ///< beyond it a panel counts spikes in cells of about a pixel
};

/// An SVG picture, 900 pixels wide: a panel for each population, one time axis.
/// Throws InputError when the sample is not in the file, or the spikes of a population (of any) are not.
std::string raster_svg(const RunReader& run, const RasterOptions& options = {});

}  // namespace axfire
