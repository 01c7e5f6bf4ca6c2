// SPDX-License-Identifier: Apache-2.0
#include "engine/train/loss.h"

#include <algorithm>

#include <fmt/format.h>

#include "arith/elementary.h"
#include "arith/error.h"
#include "engine/network/check.h"

namespace axfire::train {

namespace {

/// log sum exp(z) - z[label], and its gradient softmax(z) - [i = label]; in binary32 by elementary functions that have
/// the same bits everywhere.
float cross_entropy(const std::vector<float>& z, std::size_t label, std::vector<float>& gradient) {
    const float most = *std::max_element(z.begin(), z.end());
    float sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
        gradient[i] = number(fp_exp(bits(z[i] - most)));
        sum += gradient[i];
    }
    for (std::size_t i = 0; i < z.size(); ++i) {
        gradient[i] = gradient[i] / sum - (i == label ? 1.0F : 0.0F);
    }
    return number(fp_log(bits(sum))) - (z[label] - most);
}

float mean_square(const std::vector<float>& z, std::size_t label, float high, float low, std::vector<float>& gradient) {
    const auto n = static_cast<float>(z.size());
    float sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
        const float error = z[i] - (i == label ? high : low);
        sum += error * error;
        gradient[i] = 2 * error / n;
    }
    return sum / n;
}

}  // namespace

void check_loss(const LossOptions& options, const Node& output) {
    if (options.loss == Loss::spike_count && options.readout != Readout::spikes) {
        throw InputError(fmt::format("--loss spike-count: {} does not spike", describe(output)));
    }
    if (options.loss == Loss::membrane && !keeps_state(output)) {
        throw InputError(fmt::format("--loss membrane: {} has no membrane", describe(output)));
    }
}

Readout natural_readout(const Node& output, bool events) {
    const bool membrane = std::holds_alternative<nodes::Neuron>(output.kind) && keeps_state(output) && !events;
    return events ? Readout::spikes : membrane ? Readout::last : Readout::sum;
}

SampleLoss evaluate(const LossOptions& o, Tape& tape, std::size_t output, std::size_t sample, std::int32_t label,
                    float share) {
    const u32 rows = tape.rows_of[output];
    const std::size_t n = tape.out[output].width;
    const auto steps = static_cast<float>(rows);
    const bool by_membrane = o.loss == Loss::membrane;
    const auto at = static_cast<std::size_t>(label);
    const bool labelled = label >= 0 && at < n;
    std::vector<float> z(n), gradient(n);
    for (u32 t = 0; t < rows; ++t) {
        const u32* row = tape.out[output].row(sample * rows + t);
        for (std::size_t i = 0; i < n; ++i) {
            z[i] = o.readout == Readout::last ? number(row[i]) : z[i] + number(row[i]);
        }
        std::fill_n(tape.gradient[output].row(sample * rows + t), n, 0u);
    }
    SampleLoss result{0, largest(z)};
    if (by_membrane) {
        for (u32 t = 0; t < rows; ++t) {
            const u32* v = tape.v[output].row(sample * rows + t);
            std::vector<float> membrane(n);
            for (std::size_t i = 0; i < n; ++i) {
                membrane[i] = number(v[i]);
            }
            u32* to = tape.v_gradient[output].row(sample * rows + t);
            if (labelled) {
                result.loss += cross_entropy(membrane, at, gradient) / steps;
            }
            for (std::size_t i = 0; i < n; ++i) {
                to[i] = bits(labelled ? gradient[i] * (share / steps) : 0.0F);
            }
        }
        return result;
    }
    if (!labelled) {
        return result;
    }
    // What the loss sees of the read-out, as a part of it.
    const bool whole = o.readout == Readout::last || (o.readout == Readout::spikes && o.loss == Loss::cross_entropy);
    const float part = whole ? 1.0F : 1 / steps;
    for (float& x : z) {
        x *= part;
    }
    result.loss = o.loss == Loss::cross_entropy ? cross_entropy(z, at, gradient)
                  : o.loss == Loss::mse
                      ? mean_square(z, at, 1, 0, gradient)
                      : mean_square(z, at, static_cast<float>(o.rate_true), static_cast<float>(o.rate_false), gradient);
    for (u32 t = o.readout == Readout::last ? rows - 1 : 0; t < rows; ++t) {
        u32* to = tape.gradient[output].row(sample * rows + t);
        for (std::size_t i = 0; i < n; ++i) {
            to[i] = bits(gradient[i] * (share * part));
        }
    }
    return result;
}

}  // namespace axfire::train
