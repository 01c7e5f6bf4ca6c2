// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/schedule.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire {

namespace {

/// More steps at once gain nothing: a part's buffers have been brought near by then.
constexpr std::size_t kMostSteps = 64;

/// What a finished sample holds, at most.
std::size_t bytes_of_a_result(const Simulation& simulation, const RunOptions& options) {
    std::size_t bytes =
        sizeof(FinishedSample) + simulation.output_size() * sizeof(float) + simulation.layers().size() * sizeof(Counts);
    for (const TraceRequest& request : options.traces) {
        const std::size_t values = element_count(simulation.shape(request.node)) * options.encoder.steps;
        bytes += values * ((request.membrane ? sizeof(float) : 0) + (request.spikes ? 2 * sizeof(u32) : 0));
    }
    return bytes;
}

double mebibytes(std::size_t bytes) {
    return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace

Schedule plan(const Simulation& simulation, const RunOptions& options) {
    Schedule schedule{};
    const std::size_t all = std::max(1u, options.threads);
    const std::size_t threads = std::min(all, std::max<std::size_t>(1, options.samples));
    schedule.threads = static_cast<unsigned>(threads);
    schedule.threads_of_sample = static_cast<unsigned>(all / threads);
    const std::size_t memory = options.memory != 0 ? options.memory : kDefaultMemory;
    const std::size_t result = bytes_of_a_result(simulation, options);
    const std::size_t step = simulation.bytes_of_a_step();
    const std::size_t least_batch = (threads + 1) / 2;  // two batches are in work at a time
    const std::size_t least =
        threads * (Simulation::Workspace(simulation, 1, schedule.threads_of_sample).bytes() + step) +
        2 * least_batch * result;
    if (options.memory != 0 && least > memory) {
        throw InputError(
            fmt::format("--memory: {:.1f} MiB do not hold the buffers of {} thread{}, which take {:.1f}; "
                        "allow more or take fewer threads",
                        mebibytes(memory), threads, threads == 1 ? "" : "s", mebibytes(least)));
    }
    std::size_t left = memory - std::min(memory, least);
    const auto more = [&](std::size_t bytes, std::size_t most) {
        const std::size_t n = bytes == 0 ? most : std::min(most, left / bytes);
        left -= n * bytes;
        return n;
    };
    schedule.parts = simulation.parts();
    const std::size_t most = options.steps_at_once != 0 ? options.steps_at_once : kMostSteps;
    const std::size_t steps = std::max<std::size_t>(1, std::min<std::size_t>(options.encoder.steps, most));
    schedule.steps_at_once = schedule.parts > 1 ? 1 + more(threads * step, steps - 1) : 1;
    schedule.batch = std::clamp<std::size_t>(options.batch, 1, least_batch + more(2 * result, options.batch));
    schedule.bytes = memory - left;
    return schedule;
}

}  // namespace axfire
