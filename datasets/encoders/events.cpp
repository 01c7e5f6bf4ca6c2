// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "arith/error.h"
#include "datasets/encoders/encoders.h"
#include "datasets/time_step.h"

namespace axfire::encoders {

namespace {

/// Sorts the events by step: counts them, then places each. On return step_begin[t + 1] is the end of step t.
void sort_by_step(const Job& job, EncodedSample& out) {
    const std::uint64_t dt_ps = datasets::picoseconds(job.options.dt_ms);
    const std::vector<Event>& events = job.sample.events;
    std::vector<std::uint32_t> step_of_event(events.size());
    std::vector<std::uint32_t>& ends = out.step_begin;
    ends.assign(std::size_t{out.steps} + 1, 0);
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].index >= job.size) {
            throw InputError(fmt::format("event {} has index {}, but the network's input has {} elements", i,
                                         events[i].index, job.size));
        }
        const std::uint64_t step = datasets::step_of(events[i].time_us, dt_ps);
        step_of_event[i] = static_cast<std::uint32_t>(std::min<std::uint64_t>(step, out.steps));
        ++ends[step_of_event[i]];  // ends[steps] counts the dropped ones for now
    }
    out.dropped = ends.back();
    out.index.resize(events.size() - out.dropped);
    std::uint32_t begin = 0;
    for (std::uint32_t& end : ends) {
        begin += std::exchange(end, begin);
    }
    // ends[t] is now the first place of step t; placing its events moves it to the first place of step t + 1.
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (step_of_event[i] < out.steps) {
            out.index[ends[step_of_event[i]]++] = events[i].index;
        }
    }
    ends.pop_back();
    ends.insert(ends.begin(), 0);
}

}  // namespace

void encode_address_events(const Job& job, EncodedSample& out) {
    sort_by_step(job, out);
    out.amplitude.resize(out.index.size());
    // Within a step: sort by index and merge equal ones, moving everything down to `kept`.
    std::size_t kept = 0;
    std::size_t begin = 0;
    for (std::uint32_t step = 0; step < out.steps; ++step) {
        const std::size_t end = out.step_begin[step + 1];
        std::sort(out.index.begin() + static_cast<std::ptrdiff_t>(begin),
                  out.index.begin() + static_cast<std::ptrdiff_t>(end));
        while (begin < end) {
            const std::uint32_t index = out.index[begin];
            std::uint32_t count = 0;
            for (; begin < end && out.index[begin] == index; ++begin) {
                ++count;
            }
            out.index[kept] = index;
            out.amplitude[kept++] = job.options.bin_events == BinEvents::count ? static_cast<float>(count) : 1.0f;
        }
        out.step_begin[step + 1] = static_cast<std::uint32_t>(kept);
    }
    out.index.resize(kept);
    out.amplitude.resize(kept);
}

void encode_value_events(const Job& job, EncodedSample& out) {
    for (std::uint32_t step = 0; step < out.steps; ++step) {
        begin_step(out);
        const float* values = job.frame(step);
        for (std::size_t i = 0; i < job.size; ++i) {
            if (values[i] != 0.0f) {
                out.index.push_back(static_cast<std::uint32_t>(i));
                out.amplitude.push_back(job.options.bin_events == BinEvents::count ? values[i] : 1.0f);
            }
        }
    }
    begin_step(out);
}

}  // namespace axfire::encoders
