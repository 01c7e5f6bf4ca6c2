// SPDX-License-Identifier: Apache-2.0
#include "engine/train/gradients/batch_norm.h"

#include <algorithm>
#include <cmath>

namespace axfire::train {

BatchNormLayer::BatchNormLayer(const nodes::BatchNorm& node, const GradientContext& c)
    : context_(c.forward),
      node_(c.node),
      from_(c.graph.sources[c.node][0].node),
      channels_(node.gamma.data.size()),
      plane_(c.graph.size[c.node] / channels_),
      learns_(c.graph.learns[from_]),
      channel_(channels_) {
    context_.in_events = false;
}

/// The sum over all rows and places of term(row, index), in eight sums by the place, added up at the end.
template <class Term>
double BatchNormLayer::sum(const Tape& tape, std::size_t channel, const Term& term) const {
    double partial[8] = {};
    for (std::size_t r = 0; r < tape.rows(node_); ++r) {
        const std::size_t first = channel * plane_;
        for (std::size_t i = 0; i < plane_; ++i) {
            partial[i % 8] += term(r, first + i);
        }
    }
    double total = 0;
    for (const double p : partial) {
        total += p;
    }
    return total;
}

void BatchNormLayer::forward(Tape& tape, nodes::BatchNorm& node, std::vector<Space>& spaces, Team& team) {
    const double n = static_cast<double>(tape.rows(node_) * plane_);
    nodes::BatchNorm batch = node;
    team.each(channels_, [&](std::size_t c, unsigned) {
        const auto x = [&](std::size_t r, std::size_t i) {
            return static_cast<double>(number(source_row(tape, r)[i]));
        };
        const double mean = sum(tape, c, x) / n;
        const auto square = [&](std::size_t r, std::size_t i) { return (x(r, i) - mean) * (x(r, i) - mean); };
        const double variance = sum(tape, c, square) / n;
        channel_[c] = {mean, variance, 1 / std::sqrt(variance + node.epsilon)};
        batch.mean.data[c] = static_cast<float>(mean);
        batch.variance.data[c] = static_cast<float>(variance);
        const double unbiased = n > 1 ? variance * n / (n - 1) : variance;
        node.mean.data[c] = static_cast<float>(0.9 * node.mean.data[c] + 0.1 * mean);
        node.variance.data[c] = static_cast<float>(0.9 * node.variance.data[c] + 0.1 * unbiased);
    });
    for (std::size_t c = 0; c < channels_; ++c) {
        if (!std::isfinite(batch.mean.data[c]) || !std::isfinite(batch.variance.data[c])) {
            throw Diverged("a mean or variance is not a number: that");
        }
    }
    const std::unique_ptr<Stage> stage = make_stage(batch, context_);
    team.each(tape.rows(node_), [&](std::size_t r, unsigned thread) {
        StageState& state = spaces[thread].forward[node_];
        Signal signal;
        signal.values = source_row(tape, r);
        stage->reset(state);
        stage->step({{&signal, false}}, state, 0);
        std::copy_n(state.out.values, channels_ * plane_, tape.out[node_].row(r));
    });
}

void BatchNormLayer::backward(Tape& tape, const nodes::BatchNorm& node, const TensorGradients& gradients, Team& team) {
    const double n = static_cast<double>(tape.rows(node_) * plane_);
    team.each(channels_, [&](std::size_t c, unsigned) {
        const Channel& k = channel_[c];
        const auto dy = [&](std::size_t r, std::size_t i) {
            return static_cast<double>(number(tape.gradient[node_].row(r)[i]));
        };
        const auto centred = [&](std::size_t r, std::size_t i) { return number(source_row(tape, r)[i]) - k.mean; };
        const double shift = sum(tape, c, dy);
        const double gain =
            sum(tape, c, [&](std::size_t r, std::size_t i) { return dy(r, i) * centred(r, i); }) * k.inverse;
        (*gradients[0])[c] = static_cast<float>(gain);
        (*gradients[1])[c] = static_cast<float>(shift);
        if (!learns_) {
            return;
        }
        const double scale = node.gamma.data[c] * k.inverse;
        for (std::size_t r = 0; r < tape.rows(node_); ++r) {
            u32* const dx = tape.gradient[from_].row(r);
            for (std::size_t i = c * plane_; i < (c + 1) * plane_; ++i) {
                const double whole = scale * (dy(r, i) - shift / n - centred(r, i) * k.inverse * gain / n);
                dx[i] = bits(number(dx[i]) + static_cast<float>(whole));
            }
        }
    });
}

}  // namespace axfire::train
