// SPDX-License-Identifier: Apache-2.0
#include "engine/train/optimizer.h"

#include <cmath>

namespace axfire::train {

namespace {

/// x^n by repeated multiplication: the same bits everywhere.
double power(double x, std::uint64_t n) {
    double result = 1;
    for (; n != 0; n >>= 1, x *= x) {
        result *= (n & 1) != 0 ? x : 1;
    }
    return result;
}

}  // namespace

Optimizer::Optimizer(const std::vector<Parameter>& parameters, const OptimizerOptions& options) : options_(options) {
    for (const Parameter& p : parameters) {
        state.first.emplace_back(p.tensor->data.size());
        state.second.emplace_back(options.method == Method::sgd ? 0 : p.tensor->data.size());
    }
}

double Optimizer::step(const std::vector<Parameter>& parameters, const std::vector<std::vector<float>>& gradients,
                       double rate, Team& team) {
    double squares = 0;
    for (const std::vector<float>& gradient : gradients) {
        double partial[8] = {};
        for (std::size_t i = 0; i < gradient.size(); ++i) {
            partial[i % 8] += static_cast<double>(gradient[i]) * gradient[i];
        }
        for (const double p : partial) {
            squares += p;
        }
    }
    const double norm = std::sqrt(squares);
    if (!std::isfinite(norm)) {
        return norm;
    }
    ++state.steps;
    const double factor = options_.clip > 0 && norm > options_.clip ? options_.clip / norm : 1;
    team.each(parameters.size(),
              [&](std::size_t p, unsigned) { update(parameters[p], p, gradients[p], rate, factor); });
    return norm;
}

void Optimizer::update(const Parameter& parameter, std::size_t p, const std::vector<float>& gradient, double rate,
                       double factor) {
    float* const w = parameter.tensor->data.data();
    float* const m = state.first[p].data();
    const auto decay = static_cast<float>(parameter.decays ? options_.weight_decay : 0);
    const auto lr = static_cast<float>(rate);
    const auto part = static_cast<float>(factor);
    const std::size_t n = gradient.size();
    if (options_.method == Method::sgd) {
        const auto momentum = static_cast<float>(options_.momentum);
        for (std::size_t i = 0; i < n; ++i) {
            m[i] = momentum * m[i] + (gradient[i] * part + decay * w[i]);
            w[i] -= lr * m[i];
        }
        return;
    }
    float* const s = state.second[p].data();
    const bool beside = options_.method == Method::adamw;
    const auto b1 = static_cast<float>(options_.beta1);
    const auto b2 = static_cast<float>(options_.beta2);
    const auto rate1 = static_cast<float>(rate / (1 - power(options_.beta1, state.steps)));
    const auto scale2 = static_cast<float>(std::sqrt(1 - power(options_.beta2, state.steps)));
    const auto epsilon = static_cast<float>(options_.epsilon);
    const float shrink = 1 - (beside ? lr * decay : 0.0F);
    const float added = beside ? 0.0F : decay;
    for (std::size_t i = 0; i < n; ++i) {
        const float g = gradient[i] * part + added * w[i];
        m[i] = b1 * m[i] + (1 - b1) * g;
        s[i] = b2 * s[i] + (1 - b2) * (g * g);
        w[i] = w[i] * shrink - rate1 * (m[i] / (std::sqrt(s[i]) / scale2 + epsilon));
    }
}

}  // namespace axfire::train
