// SPDX-License-Identifier: Apache-2.0
// Random populations.
#pragma once

#include "tests/engine/random_parts.h"

namespace axfire::test {

struct RandomNeurons : RandomParts {
    void conventions() {
        Conventions& how = network.conventions;
        how.dt_ms = pick<double>({1, 0.1, 0.5, 2, 0.3});
        how.reset = chance(0.5) ? Reset::zero : Reset::subtract;
        how.integrate = chance(0.5) ? Integrate::euler : Integrate::exponential;
        how.fire = chance(0.5) ? Fire::gt : Fire::ge;
        how.input_gain = chance(0.7) ? InputGain::step : InputGain::continuous;
        how.cuba_order = chance(0.5) ? CubaOrder::old_current : CubaOrder::new_current;
        how.decay_gain = chance(0.5) ? DecayGain::complement : DecayGain::ratio;
    }

    nodes::Neuron neuron(const Shape& of, std::string model) {
        nodes::Neuron n{model, of, {}};
        const std::size_t count = element_count(of);
        const double dt = network.conventions.dt_ms / 1000;
        const bool continuous = network.conventions.input_gain == InputGain::continuous;
        if (find_model(model.c_str())->stateless) {
            return activation(std::move(n));
        }
        const bool leaky = model != "if" && model != "i";
        if (chance(0.6)) {
            n.parameters["r"] = leaky || !continuous ? many(count, 0.2, 3, {1, 2, 0.5}) : many(count, 0.5 / dt, 2 / dt);
        }
        if (leaky) {
            n.parameters["tau_mem"] = many(count, 1.0 * dt, 12 * dt, {dt, 2 * dt, 10 * dt, 1e6 * dt});
            if (chance(0.5)) {
                n.parameters["v_leak"] = many(count, -0.5, 0.5, {0, 0.25});
            }
        }
        if (model.starts_with("cuba")) {
            n.parameters["tau_syn"] = many(count, 1.0 * dt, 8 * dt, {dt, 2 * dt, 4 * dt});
            if (chance(0.5)) {
                n.parameters["w_in"] = many(count, -1, 4, {1, 2});
            }
        }
        if (chance(0.3)) {
            n.parameters["v_init"] = many(count, -1, 1, {0});
        }
        if (model == "if" || model == "lif" || model == "cubalif") {
            n.parameters["v_threshold"] = many(count, 0.05, 1.2, {0.5, 0.125, 1});
            if (chance(0.5)) {
                n.parameters["v_reset"] = many(count, -0.5, 0.5, {0});
            }
            if (model != "if" && chance(0.4)) {
                n.parameters["t_ref"] = steps(count, 0, 4);
            }
        }
        return n;
    }

    /// Parameters of a model without state.
    nodes::Neuron activation(nodes::Neuron n) {
        const std::size_t count = element_count(n.shape);
        if (chance(0.15)) {
            return n;  // the defaults
        }
        if (n.model == "clip") {
            n.parameters["low"] = many(count, -2, 0.2, {0, -0.5, -1.1});
            n.parameters["high"] = many(count, 0.3, 3, {1, 0.7, 6});
        } else if (n.model == "leaky_relu") {
            n.parameters["alpha"] = many(count, -0.5, 1.5, {0.01, 1, 0, 0.25});
        } else if (n.model == "hard_sigmoid") {
            n.parameters["alpha"] = many(count, -0.3, 1, {0.2, 1.0 / 6, 1});
            n.parameters["beta"] = many(count, -0.2, 1, {0.5, 0});
        } else if (n.model == "qcfs") {
            n.parameters["theta"] = many(count, 0.2, 3, {1, 4, 2});
            n.parameters["levels"] = many(count, 1, 9, {4, 8, 1});
            for (double& levels : n.parameters["levels"]) {
                levels = std::round(levels);
            }
        }
        return n;
    }
    std::string any_model() {
        if (chance(0.5)) {
            return pick<std::string>({"if", "if", "lif", "lif", "cubalif", "cubalif", "i", "li", "cubali"});
        }
        return pick<std::string>({"relu", "relu", "clip", "leaky_relu", "hard_sigmoid", "hard_swish", "qcfs",
                                  "identity", "identity", "negate", "sigmoid", "tanh"});
    }
};

}  // namespace axfire::test
