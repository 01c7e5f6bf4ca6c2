// SPDX-License-Identifier: Apache-2.0
// The parameters and constants that several models list, said once.
#pragma once

#include <cmath>
#include <limits>

#include "neurons/conventions.h"
#include "neurons/model_info.h"

namespace axfire::parameters {

inline constexpr double kAsLeak = std::numeric_limits<double>::quiet_NaN();

inline constexpr ModelParameter kTauMem{"tau_mem", "s", 0, true, true, "membrane time constant"};
inline constexpr ModelParameter kTauSyn{"tau_syn", "s", 0, true, true, "synaptic time constant"};
inline constexpr ModelParameter kR{"r", "", 1, false, false, "membrane resistance, the gain of the input current"};
inline constexpr ModelParameter kVLeak{"v_leak", "", 0, false, false, "resting potential"};
inline constexpr ModelParameter kVThreshold{"v_threshold", "", 0, false, true, "firing threshold"};
inline constexpr ModelParameter kVReset{"v_reset", "", 0, false, false, "potential after a spike (--reset zero)"};
inline constexpr ModelParameter kVInit{"v_init", "", 0, false, false, "potential before the first step"};
inline constexpr ModelParameter kVInitLeak{"v_init", "",    kAsLeak,
                                           false,    false, "potential before the first step; v_leak where absent"};
inline constexpr ModelParameter kWIn{"w_in", "", 1, false, false, "input weight of the synaptic current"};
inline constexpr ModelParameter kTRef{"t_ref", "s", 0, false, false, "time for which a spike holds the membrane"};

/// dt / tau, both in seconds.
inline double ratio(double tau_s, const Conventions& how) {
    return how.dt_ms * 1e-3 / tau_s;
}

/// Decay operand of leaky_step: dt/tau (euler) or exp(-dt/tau).
inline double membrane_decay(double tau_s, const Conventions& how) {
    return how.integrate == Integrate::euler ? ratio(tau_s, how) : std::exp(-ratio(tau_s, how));
}

/// Gain operand of leaky_step: R (euler), R (1 - exp(-dt/tau)) or R dt/tau.
inline double membrane_gain(double r, double tau_s, const Conventions& how) {
    if (how.integrate == Integrate::euler) {
        return r;
    }
    return how.decay_gain == DecayGain::ratio ? r * ratio(tau_s, how) : -r * std::expm1(-ratio(tau_s, how));
}

/// Factor by which a synaptic current decays in a step.
inline double synapse_decay(double tau_s, const Conventions& how) {
    return how.integrate == Integrate::euler ? 1.0 - ratio(tau_s, how) : std::exp(-ratio(tau_s, how));
}

/// Gain with which input enters a synaptic current.
inline double synapse_gain(double w_in, double tau_s, const Conventions& how) {
    const bool complement = how.integrate == Integrate::exponential && how.decay_gain == DecayGain::complement;
    return complement ? -w_in * std::expm1(-ratio(tau_s, how)) : w_in * ratio(tau_s, how);
}

inline double refractory_steps(double t_ref_s, const Conventions& how) {
    return std::floor(t_ref_s * 1e3 / how.dt_ms + 0.5);
}

/// Gain of models without a time constant: R a step, or R dt with dt in seconds.
inline double step_gain(double r, const Conventions& how) {
    return how.input_gain == InputGain::step ? r : r * how.dt_ms * 1e-3;
}

}  // namespace axfire::parameters
