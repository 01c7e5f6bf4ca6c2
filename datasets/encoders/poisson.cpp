// SPDX-License-Identifier: Apache-2.0
// Bernoulli spikes in each step, the discrete form of a Poisson process, from counter-based random numbers.
#include <fmt/format.h>

#include <algorithm>

#include "arith/error.h"
#include "arith/philox.h"
#include "datasets/encoders/encoders.h"

namespace axfire::encoders {

namespace {

/// min(1, value * rate_scale), 0 for negative values and NaN.
float probability(float value, double rate_scale) {
    const double p = static_cast<double>(value) * rate_scale;
    return p > 0.0 ? static_cast<float>(std::min(1.0, p)) : 0.0f;
}

}  // namespace

void encode_poisson(const Job& job, EncodedSample& out) {
    const EncoderOptions& options = job.options;
    if (!(options.rate_scale >= 0.0 && options.rate_scale <= 1e30)) {
        throw InputError(fmt::format("poisson rate scale {} is out of range; allowed are 0 to 1e30 spikes per step",
                                     options.rate_scale));
    }
    const auto probability_of = [&](float value) { return probability(value, options.rate_scale); };
    if (options.draws_later) {
        out.constant = job.sample.frames == 0;
        out.values.resize(job.size * (out.constant ? 1 : out.steps));
        std::transform(job.frame(0), job.frame(0) + out.values.size(), out.values.begin(), probability_of);
        return;
    }
    std::vector<float> p(job.size);
    for (std::uint32_t step = 0; step < out.steps; ++step) {
        begin_step(out);
        if (step == 0 || job.sample.frames != 0) {
            std::transform(job.frame(step), job.frame(step) + job.size, p.begin(), probability_of);
        }
        // Number n of the subsequence is word n % 4 of block n / 4; a block that no element can use is not drawn.
        u64 n = u64{step} * job.size;
        for (std::size_t begin = 0; begin < job.size;) {
            const std::size_t lane = n % 4;
            const std::size_t end = std::min(job.size, begin + (4 - lane));
            n += end - begin;
            if (std::any_of(p.data() + begin, p.data() + end, [](float q) { return q > 0.0f; })) {
                const PhiloxBlock block = philox_block(options.seed, job.sample_index, (n - 1) / 4);
                for (std::size_t i = begin; i < end; ++i) {
                    if (philox_uniform(block.word[lane + (i - begin)]) <= p[i]) {
                        out.index.push_back(static_cast<std::uint32_t>(i));
                    }
                }
            }
            begin = end;
        }
    }
    begin_step(out);
    out.amplitude.assign(out.index.size(), 1.0f);
}

}  // namespace axfire::encoders
