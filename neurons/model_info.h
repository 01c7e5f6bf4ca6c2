// SPDX-License-Identifier: Apache-2.0
// What a neuron model (one file under models/) tells about itself.
#pragma once

namespace axfire {

inline constexpr unsigned kMaxModelParameters = 10;
inline constexpr unsigned kMaxModelConstants = 10;

/// One parameter of a neuron model, in SI units or in units of the membrane.
struct ModelParameter {
    const char* name;      ///< tau_mem, tau_syn, r, v_leak, v_threshold, v_reset, v_init, w_in, t_ref
    const char* unit;      ///< "s", or "" for membrane units
    double default_value;  ///< NaN: the value of v_leak
    bool positive;         ///< must be > 0
    bool required;         ///< a model file must give it
    const char* summary;
};

/// Which unit uses a derived constant, and so into which format it is rounded.
enum class ConstantUse : unsigned char {
    adder,       ///< an operand of the neuron's adder, or compared with its results
    multiplier,  ///< an operand of its multiplier
    steps,       ///< a whole number of steps
};

struct ModelConstant {
    const char* name;
    ConstantUse use;
};

struct ModelInfo {
    const char* name;  ///< also the file's name; the struct is <name>_model
    const char* summary;
    const char* equations;
    const char* source;
    bool spiking;
    unsigned parameter_count;
    ModelParameter parameters[kMaxModelParameters];
    unsigned constant_count;
    ModelConstant constants[kMaxModelConstants];
    bool stateless = false;  ///< v is a function of this step's input: an activation of conventional networks
};

/// The model of that name, or nullptr.
const ModelInfo* find_model(const char* name);

/// All models, sorted by name; a nullptr ends the list.
const ModelInfo* const* all_models();

}  // namespace axfire
