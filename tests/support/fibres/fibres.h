// SPDX-License-Identifier: Apache-2.0
// The threads of a block as fibres of one thread of the host.
#pragma once

#include <cstdint>
#include <functional>

namespace axfire::fibres {

struct Index {
    unsigned x = 0, y = 0, z = 0;
};

/// Where the fibre that runs stands.
struct Here {
    Index thread, block, threads, blocks;
};
const Here& here();

/// In which order the threads go on, between meeting points.
enum class Order : unsigned char { forward, backward, shuffled };

/// Runs a grid of blocks of `threads` threads. Throws std::runtime_error where threads wait for one another in vain;
/// what a thread throws is thrown again.
void launch(Index blocks, unsigned threads, Order order, const std::function<void()>& body);

/// All threads of the block that have not left meet; what they have written before is seen by all after.
void barrier();
/// What each lane of the warp gives; 0 of those that have left. All others must come.
void meet(std::uint32_t mine, std::uint32_t (&of_lane)[32]);

}  // namespace axfire::fibres
