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

    /// One step with what arrived; true for a spike. `index`: the neuron's, for its random words.
    ///
    /// Each addition, multiplication and mere bringing into the adder's format of the equations has a number, done or
    /// not, in the order of their evaluation (an operand's before the operation's):
    ///   if, i:              0 I g, 1 v + ., 2 reset
    ///   leaky, euler:       0 v_leak - v, 1 I R, 2 . + ., 3 . dt/tau, 4 v + ., 5 reset
    ///   leaky, exponential: 0 v - v_leak, 1 . a, 2 its format, 3 I R, 4 . + ., 5 . + v_leak, 6 reset
    ///   current-based:      0 i a, 1 its format, 2 S g, 3 . + .; then the membrane's from 4 on
    bool step(std::optional<float> input, const Where& where = {}, std::size_t index = 0) {
        where_ = where;
        index_ = static_cast<u32>(index);
        u32 first = 0;
        std::optional<float> drive = input;
        if (current_based_) {
            const float old_current = current_;
            current_ = sum(1, scaled(0, current_, current_decay_), 3, scaled(2, input, current_gain_));
            drive = how_.cuba_order == CubaOrder::old_current ? old_current : current_;
            first = 4;
        }
        if (held_ > 0) {
            --held_;
            return false;
        }
        u32 reset = first + 2;
        if (!leaky_) {
            if (drive) {
                v_ = add(first + 1, v_, *scaled(first, drive, gain_));
            }
        } else if (how_.integrate == Integrate::euler) {
            float inner = leak_ == 0 ? minus(v_) : add(first, leak_, minus(v_));
            if (drive) {
                inner = add(first + 2, inner, *scaled(first + 1, drive, gain_));
            }
            v_ = add(first + 4, v_, *scaled(first + 3, inner, rate_));
            reset = first + 5;
        } else {
            const float above = leak_ == 0 ? v_ : add(first, v_, minus(leak_));
            v_ = sum(first + 2, scaled(first + 1, above, decay_), first + 4, scaled(first + 3, drive, gain_));
            v_ = leak_ == 0 ? v_ : add(first + 5, v_, leak_);
            reset = first + 6;
        }
        if (!spiking_ || !(how_.fire == Fire::gt ? v_ > threshold_ : v_ >= threshold_)) {
            return false;
        }
        v_ = how_.reset == Reset::zero ? reset_to_ : add(reset, v_, minus(threshold_));
        held_ = hold_steps_;
        return true;
    }

private:
    static float minus(float x) { return canonical(-x); }
    u32 word(u32 number, Word which) const { return where_.word(index_, number, which); }
    /// Both operands are brought into the adder's format.
    float add(u32 number, float a, float b) const {
        return units_.sum(units_.into_adder(a, word(number, Word::product)),
                          units_.into_adder(b, word(number, Word::term)), word(number, Word::sum));
    }
    /// x times a constant; nothing is done for nothing, and by exactly 1.
    std::optional<float> scaled(u32 number, std::optional<float> x, float constant) const {
        if (!x || constant == 1) {
            return x;
        }
        return units_.product(units_.into_multiplier(*x, word(number, Word::product)), constant,
                              word(number, Word::sum));
    }
    /// A state is a number of the adder's format, also where nothing is added.
    float sum(u32 alone, std::optional<float> state, u32 with, std::optional<float> term) const {
        return term ? add(with, *state, *term) : units_.into_adder(*state, word(alone, Word::sum));
    }

    Conventions how_;
    Units units_;
    Where where_;
    u32 index_ = 0;
    bool spiking_ = false, leaky_ = false, current_based_ = false;
    float gain_ = 1, decay_ = 0, rate_ = 0, current_decay_ = 0, current_gain_ = 0;
    float leak_ = 0, threshold_ = 0, reset_to_ = 0;
    long hold_steps_ = 0, held_ = 0;
    float v_ = 0, current_ = 0;
};

}  // namespace axfire::oracle
