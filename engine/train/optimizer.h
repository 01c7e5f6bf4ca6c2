// SPDX-License-Identifier: Apache-2.0
// How gradients change parameters.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/train/node_gradient.h"
#include "engine/train/team.h"

namespace axfire::train {

enum class Method : std::uint8_t {
    sgd,    ///< with momentum: u = m u + g, w -= lr u
    adam,   ///< Kingma and Ba, ICLR 2015; weight decay is added to the gradient
    adamw,  ///< Loshchilov and Hutter, ICLR 2019; weight decay beside it
};

struct OptimizerOptions {
    Method method = Method::adam;
    double momentum = 0.9;
    double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    double weight_decay = 0;
    double clip = 0;  ///< the largest norm of all gradients together; 0: any
};

/// The parameters and moments are binary32, and every element's update is a fixed sequence of their operations.
class Optimizer {
public:
    Optimizer(const std::vector<Parameter>& parameters, const OptimizerOptions& options);

    /// One update with the learning rate. Returns the norm of all gradients, before it was clipped; where it is not
    /// finite nothing is changed.
    double step(const std::vector<Parameter>& parameters, const std::vector<std::vector<float>>& gradients, double rate,
                Team& team);

    /// What a checkpoint keeps.
    struct State {
        std::uint64_t steps = 0;
        std::vector<std::vector<float>> first, second;  ///< by parameter
    };
    State state;

private:
    void update(const Parameter& parameter, std::size_t p, const std::vector<float>& gradient, double rate,
                double factor);
    OptimizerOptions options_;
};

}  // namespace axfire::train
