// SPDX-License-Identifier: Apache-2.0
// Streams that do nothing until something waits for them, so that a host that does not wait sees old bytes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "tests/support/cuda_double/driver/abi.h"

namespace axfire::cuda_double {

struct Device;
struct Capture;

using Task = std::function<CUresult()>;

}  // namespace axfire::cuda_double

/// Work in its order. A stream stays alive while others wait for it.
struct CUstream_st : std::enable_shared_from_this<CUstream_st> {
    /// What has to be done before: a stream up to a position.
    struct Dependency {
        std::shared_ptr<CUstream_st> stream;
        std::uint64_t position;
    };
    struct Work {
        axfire::cuda_double::Task task;
        std::vector<Dependency> after;
    };

    axfire::cuda_double::Device* device = nullptr;
    bool is_blocking = true;  ///< in order with the device's default stream
    bool is_default = false;
    bool has_kernels = false;  ///< some were launched
    std::deque<Work> queue;
    std::uint64_t done = 0;  ///< pieces of work
    std::shared_ptr<axfire::cuda_double::Capture> capture;
    std::size_t captured = 0;  ///< nodes of the capture after this stream's last
    std::size_t joined = 0;    ///< nodes that an event of this stream has made known to another

    std::uint64_t end() const { return done + queue.size(); }
};

struct CUgraph_st {
    std::vector<axfire::cuda_double::Task> nodes;  ///< in an order that is allowed
};

struct CUgraphExec_st {
    std::vector<axfire::cuda_double::Task> nodes;
};

struct CUevent_st {
    axfire::cuda_double::Device* device = nullptr;
    bool has_time = true;
    std::shared_ptr<CUstream_st> stream;  ///< on which it was recorded last
    std::uint64_t position = 0;
    std::shared_ptr<double> time;  ///< in ms, once it was reached
    std::shared_ptr<axfire::cuda_double::Capture> capture;
    std::size_t captured = 0;
};

namespace axfire::cuda_double {

/// A graph in the making.
struct Capture {
    std::unique_ptr<CUgraph_st> graph;
    std::vector<std::shared_ptr<CUstream_st>> streams;  ///< the first is the one that began
};

/// Puts work into a stream, or a node into the graph that it captures.
void enqueue(CUstream_st& stream, Task task, std::vector<CUstream_st::Dependency> after = {});

/// Does the work of a stream up to a position, and first what that waits for.
void drain(CUstream_st& stream, std::uint64_t position);

/// Does all work of a device.
void drain(Device& device);

}  // namespace axfire::cuda_double
