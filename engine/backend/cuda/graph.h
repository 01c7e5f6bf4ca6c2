// SPDX-License-Identifier: Apache-2.0
// Work that is given to a stream again and again.
#pragma once

#include <functional>

#include "engine/backend/cuda/device.h"

namespace axfire::cuda {

/// The same launches, copies and fills each time. Once it pays they are captured as a graph, which the driver launches
/// as a whole; where it has no graphs, or refuses this one, they are enqueued one by one as before.
class Repeated {
public:
    Repeated() = default;
    Repeated(const Repeated&) = delete;
    Repeated& operator=(const Repeated&) = delete;
    ~Repeated();
    /// `enqueue` puts the work into the stream, and nothing else.
    void launch(const Stream& stream, const std::function<void()>& enqueue);

private:
    void capture(const Stream& stream, const std::function<void()>& enqueue);

    unsigned times_ = 0;
    GraphExecHandle graph_ = nullptr;
};

}  // namespace axfire::cuda
