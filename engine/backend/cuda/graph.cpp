// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cuda/graph.h"

namespace axfire::cuda {

namespace {

constexpr unsigned kTimesBefore = 4;  // making a graph takes longer than the launches

}  // namespace

Repeated::~Repeated() {
    if (graph_ != nullptr) {
        driver().cuGraphExecDestroy(graph_);
    }
}

void Repeated::launch(const Stream& stream, const std::function<void()>& enqueue) {
    if (times_++ == kTimesBefore && driver().has_graphs) {
        capture(stream, enqueue);
    }
    if (graph_ != nullptr) {
        AXFIRE_CUDA(cuGraphLaunch, graph_, stream.handle());
    } else {
        enqueue();
    }
}

/// What fails in here is tried without a graph, where a real fault shows again.
void Repeated::capture(const Stream& stream, const std::function<void()>& enqueue) {
    constexpr int kThreadLocal = 1;  // other threads may allocate meanwhile
    const Driver& d = driver();
    if (d.cuStreamBeginCapture(stream.handle(), kThreadLocal) != kSuccess) {
        return;
    }
    bool complete = true;
    try {
        enqueue();
    } catch (const Error&) {
        complete = false;
    }
    GraphHandle captured = nullptr;
    if (d.cuStreamEndCapture(stream.handle(), &captured) == kSuccess && captured != nullptr) {
        if (complete && d.cuGraphInstantiate(&graph_, captured, 0) != kSuccess) {
            graph_ = nullptr;
        }
        d.cuGraphDestroy(captured);
    }
}

}  // namespace axfire::cuda
