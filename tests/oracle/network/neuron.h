// SPDX-License-Identifier: Apache-2.0
// One neuron of a population, updated step by step as the equations of docs/arithmetic.md, section "Layers and neurons
// as operations", are written.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/network/network.h"
#include "neurons/model_info.h"
#include "tests/oracle/network/units.h"

namespace axfire::oracle {

/// The parameter `name` of neuron `i`, or its default.
inline double parameter(const nodes::Neuron& node, const std::string& name, std::size_t i) {
    const auto given = node.parameters.find(name);
    if (given != node.parameters.end()) {
        return given->second.size() == 1 ? given->second[0] : given->second[i];
    }
    const ModelInfo& model = *find_model(node.model.c_str());
    for (unsigned k = 0; k < model.parameter_count; ++k) {
        if (name == model.parameters[k].name) {
            const double value = model.parameters[k].default_value;
            return std::isnan(value) ? parameter(node, "v_leak", i) : value;
        }
    }
    return 0;
}

class OneNeuron {
public:
    OneNeuron(const nodes::Neuron& node, std::size_t i, const Conventions& how, const Units& units)
        : how_(how), units_(units) {
        const auto get = [&](const char* name) { return parameter(node, name, i); };
        spiking_ = find_model(node.model.c_str())->spiking;
        leaky_ = node.model != "if" && node.model != "i";
        current_based_ = node.model == "cubalif" || node.model == "cubali";
        const double dt = how.dt_ms / 1000;
        const bool exponential = how.integrate == Integrate::exponential;
        const auto decay = [&](double tau) { return exponential ? std::exp(-dt / tau) : 1 - dt / tau; };
        const auto gain = [&](double tau) {
            return exponential && how.decay_gain == DecayGain::complement ? 1 - decay(tau) : dt / tau;
        };
        if (!leaky_) {
            gain_ = units.for_multiplier(get("r") * (how.input_gain == InputGain::step ? 1 : dt));
        } else {
            gain_ = units.for_multiplier(exponential ? get("r") * gain(get("tau_mem")) : get("r"));
            decay_ = units.for_multiplier(decay(get("tau_mem")));
            rate_ = units.for_multiplier(dt / get("tau_mem"));
            leak_ = units.for_adder(get("v_leak"));
        }
        if (current_based_) {
            current_decay_ = units.for_multiplier(decay(get("tau_syn")));
            current_gain_ = units.for_multiplier(get("w_in") * gain(get("tau_syn")));
        }
        threshold_ = units.for_adder(get("v_threshold"));
        reset_to_ = units.for_adder(get("v_reset"));
        hold_steps_ = std::lround(get("t_ref") / dt);
        v_ = units.for_adder(get("v_init"));
    }

    float membrane() const { return v_; }

    /// One step with what arrived; true for a spike.
    bool step(std::optional<float> input) {
        std::optional<float> drive = input;
        if (current_based_) {
            const float old_current = current_;
            current_ = sum(scaled(current_, current_decay_), scaled(input, current_gain_));
            drive = how_.cuba_order == CubaOrder::old_current ? old_current : current_;
        }
        if (held_ > 0) {
            --held_;
            return false;
        }
        if (!leaky_) {
            v_ = sum(v_, scaled(drive, gain_));
        } else if (how_.integrate == Integrate::euler) {
            const float inner = leak_ == 0 ? minus(v_) : units_.add(leak_, minus(v_));
            v_ = sum(v_, scaled(sum(inner, scaled(drive, gain_)), rate_));
        } else if (leak_ == 0) {
            v_ = sum(scaled(v_, decay_), scaled(drive, gain_));
        } else {
            const float above = units_.add(v_, minus(leak_));
            v_ = units_.add(sum(scaled(above, decay_), scaled(drive, gain_)), leak_);
        }
        if (!spiking_ || !(how_.fire == Fire::gt ? v_ > threshold_ : v_ >= threshold_)) {
            return false;
        }
        v_ = how_.reset == Reset::zero ? reset_to_ : units_.add(v_, minus(threshold_));
        held_ = hold_steps_;
        return true;
    }

private:
    static float minus(float x) { return canonical(-x); }
    /// x times a constant; nothing is done for nothing, and by exactly 1.
    std::optional<float> scaled(std::optional<float> x, float constant) const {
        return x && constant != 1 ? std::optional(units_.mul(*x, constant)) : x;
    }
    /// A state is a number of the adder's format, also where nothing is added.
    float sum(std::optional<float> state, std::optional<float> term) const {
        return term ? units_.add(*state, *term) : units_.for_adder(*state);
    }

    Conventions how_;
    Units units_;
    bool spiking_ = false, leaky_ = false, current_based_ = false;
    float gain_ = 1, decay_ = 0, rate_ = 0, current_decay_ = 0, current_gain_ = 0;
    float leak_ = 0, threshold_ = 0, reset_to_ = 0;
    long hold_steps_ = 0, held_ = 0;
    float v_ = 0, current_ = 0;
};

}  // namespace axfire::oracle
