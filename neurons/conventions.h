// SPDX-License-Identifier: Apache-2.0
// How a neuron is integrated: what model files leave open and a run must fix.
#pragma once

namespace axfire {

enum class Reset : unsigned char { zero, subtract };          ///< to v_reset, or by the threshold
enum class Integrate : unsigned char { euler, exponential };  ///< decay by 1 - dt/tau, or by exp(-dt/tau)
enum class Fire : unsigned char { gt, ge };                   ///< v > threshold, or v >= threshold
enum class InputGain : unsigned char { step, continuous };    ///< if, i: gain R a step, or R dt (dt in seconds)
enum class CubaOrder : unsigned char {
    old_current,  ///< v takes the synaptic current of the last step
    new_current,  ///< ... of this step
};
enum class DecayGain : unsigned char { complement, ratio };  ///< exponential: input gain 1 - a, or dt/tau

/// Recorded with every result.
struct Conventions {
    double dt_ms = 1.0;
    Reset reset = Reset::zero;
    Integrate integrate = Integrate::euler;
    Fire fire = Fire::gt;
    InputGain input_gain = InputGain::step;
    CubaOrder cuba_order = CubaOrder::old_current;
    DecayGain decay_gain = DecayGain::complement;
    friend constexpr bool operator==(const Conventions&, const Conventions&) = default;
};

}  // namespace axfire
