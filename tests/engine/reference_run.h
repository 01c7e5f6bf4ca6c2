// SPDX-License-Identifier: Apache-2.0
// Runs one sample through the engine and through the plain simulator of tests/oracle/network, and compares every bit.
#pragma once

#include <bit>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "engine/simulation/simulation.h"
#include "tests/oracle/network/simulator.h"

namespace axfire::test {

/// Number and bits; every NaN is one.
inline std::string shown(float x) {
    std::ostringstream text;
    text << x << " (" << std::hex << std::bit_cast<u32>(oracle::canonical(x)) << ")";
    return text.str();
}

inline bool same_number(float a, float b) {
    return std::bit_cast<u32>(oracle::canonical(a)) == std::bit_cast<u32>(oracle::canonical(b));
}

/// How much of a comparison was about something.
struct Compared {
    std::uint64_t spikes = 0;
    std::uint64_t membranes = 0;
    std::set<std::string> fired;  ///< populations with a spike
    std::uint64_t in_parts = 0;   ///< networks of several parts, whose layers may run ahead
};

/// Runs both; returns the first difference or nothing.
std::string compare_with_reference(const Network& network, const SimulationOptions& options,
                                   const EncodedSample& sample, Compared& compared,
                                   const std::optional<oracle::Setting>& setting = {});

}  // namespace axfire::test
