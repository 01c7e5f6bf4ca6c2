// SPDX-License-Identifier: Apache-2.0
// How much work a network is.
#pragma once

#include <cstdint>

#include "engine/network/network.h"

namespace axfire {

/// Multiply-accumulates of one dense step in the convolutions and linear nodes, padded taps left out.
std::uint64_t multiply_accumulates(const Network& network, const Topology& topology);

}  // namespace axfire
