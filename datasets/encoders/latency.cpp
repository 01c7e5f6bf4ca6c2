// SPDX-License-Identifier: Apache-2.0
// Time to first spike, linear in the value. The idea: Thorpe, Delorme and Van Rullen, "Spike-based strategies for rapid
// processing", Neural Networks 14, 2001.
#include <algorithm>
#include <cmath>

#include "datasets/encoders/encoders.h"

namespace axfire::encoders {

void encode_latency(const Job& job, EncodedSample& out) {
    const float* values = job.frame(0);
    const double last_step = out.steps - 1.0;
    const auto step_of = [&](float value) {
        const double late = 1.0 - std::min(1.0, static_cast<double>(value));
        return static_cast<std::size_t>(std::floor(late * last_step + 0.5));
    };
    out.step_begin.assign(std::size_t{out.steps} + 1, 0);
    for (std::size_t i = 0; i < job.size; ++i) {
        if (values[i] > 0.0f) {
            ++out.step_begin[step_of(values[i]) + 1];
        }
    }
    for (std::size_t step = 1; step <= out.steps; ++step) {
        out.step_begin[step] += out.step_begin[step - 1];
    }
    out.index.resize(out.step_begin.back());
    std::vector<std::uint32_t> place(out.step_begin.begin(), out.step_begin.end() - 1);
    for (std::size_t i = 0; i < job.size; ++i) {
        if (values[i] > 0.0f) {
            out.index[place[step_of(values[i])]++] = static_cast<std::uint32_t>(i);
        }
    }
    out.amplitude.assign(out.index.size(), 1.0f);
}

}  // namespace axfire::encoders
