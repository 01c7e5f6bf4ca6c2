// SPDX-License-Identifier: Apache-2.0
#include "datasets/time_step.h"

#include <fmt/format.h>

#include <cmath>

#include "arith/error.h"

namespace axfire::datasets {

std::uint64_t picoseconds(double dt_ms) {
    const double dt_ps = std::nearbyint(dt_ms * 1e9);
    if (!(dt_ps >= 1.0 && dt_ps <= 9e18)) {
        throw InputError(fmt::format("dt = {} ms is out of range; a step lasts from 1e-9 ms to 9e9 ms", dt_ms));
    }
    return static_cast<std::uint64_t>(dt_ps);
}

std::uint32_t steps_covering(std::uint64_t duration_us, std::uint64_t dt_ps) {
    const std::uint64_t duration_ps = duration_us * 1'000'000u;
    const std::uint64_t steps = duration_ps / dt_ps + (duration_ps % dt_ps != 0);
    if (steps > 0xFFFFFFFEu) {
        throw InputError(fmt::format("dt = {} ms needs {} steps for a sample of {} ms; at most 4294967294 steps",
                                     static_cast<double>(dt_ps) * 1e-9, steps,
                                     static_cast<double>(duration_us) * 1e-3));
    }
    return static_cast<std::uint32_t>(steps);
}

}  // namespace axfire::datasets
