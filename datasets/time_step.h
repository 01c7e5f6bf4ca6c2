// SPDX-License-Identifier: Apache-2.0
// Steps and times in whole picoseconds, so that a time at an exact multiple of dt falls into the right step.
#pragma once

#include <cstdint>

namespace axfire::datasets {

/// The step length to the nearest picosecond. Throws InputError unless it is from 1 ps to 9e6 s.
std::uint64_t picoseconds(double dt_ms);

/// Number of steps that cover [0, duration): ceil(duration / dt). Throws InputError above 2^32 - 2 steps.
std::uint32_t steps_covering(std::uint64_t duration_us, std::uint64_t dt_ps);

/// The step that holds a time: floor(time / dt). A time of 32 bits in us is below 4.3e15 ps, so nothing overflows.
inline std::uint64_t step_of(std::uint32_t time_us, std::uint64_t dt_ps) {
    return std::uint64_t{time_us} * 1'000'000u / dt_ps;
}

}  // namespace axfire::datasets
