// SPDX-License-Identifier: Apache-2.0
// The words for the conventions of a network, as files and the command line spell them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "engine/network/network.h"

namespace axfire {

template <class E>
struct Choice {
    E value;
    const char* name;
};

inline constexpr Choice<Reset> kResets[] = {{Reset::zero, "zero"}, {Reset::subtract, "subtract"}};
inline constexpr Choice<Integrate> kIntegrates[] = {{Integrate::euler, "euler"},
                                                    {Integrate::exponential, "exponential"}};
inline constexpr Choice<Fire> kFires[] = {{Fire::gt, "gt"}, {Fire::ge, "ge"}};
inline constexpr Choice<InputGain> kInputGains[] = {{InputGain::step, "step"}, {InputGain::continuous, "continuous"}};
inline constexpr Choice<CubaOrder> kCubaOrders[] = {{CubaOrder::old_current, "old"}, {CubaOrder::new_current, "new"}};
inline constexpr Choice<DecayGain> kDecayGains[] = {{DecayGain::complement, "complement"}, {DecayGain::ratio, "ratio"}};

inline std::span<const Choice<Reset>> choices(Reset) {
    return kResets;
}
inline std::span<const Choice<Integrate>> choices(Integrate) {
    return kIntegrates;
}
inline std::span<const Choice<Fire>> choices(Fire) {
    return kFires;
}
inline std::span<const Choice<InputGain>> choices(InputGain) {
    return kInputGains;
}
inline std::span<const Choice<CubaOrder>> choices(CubaOrder) {
    return kCubaOrders;
}
inline std::span<const Choice<DecayGain>> choices(DecayGain) {
    return kDecayGains;
}

/// "zero", "subtract", "euler", ...
template <class E>
requires std::is_enum_v<E>
const char* to_string(E value) {
    for (const Choice<E>& choice : choices(E{})) {
        if (choice.value == value) {
            return choice.name;
        }
    }
    return "?";
}

/// The value of that name; nothing for an unknown one.
template <class E>
std::optional<E> find_choice(std::string_view name) {
    for (const Choice<E>& choice : choices(E{})) {
        if (name == choice.name) {
            return choice.value;
        }
    }
    return std::nullopt;
}

/// "zero, subtract": what find_choice<E> knows, for messages.
template <class E>
std::string choice_list() {
    std::string list;
    for (const Choice<E>& choice : choices(E{})) {
        list += (list.empty() ? "" : ", ") + std::string(choice.name);
    }
    return list;
}

/// What a user sets instead of what a model file says.
struct ConventionOverrides {
    std::optional<double> dt_ms;
    std::optional<Reset> reset;
    std::optional<Integrate> integrate;
    std::optional<Fire> fire;
    std::optional<InputGain> input_gain;
    std::optional<CubaOrder> cuba_order;
    std::optional<DecayGain> decay_gain;
};

inline Conventions apply(const ConventionOverrides& overrides, Conventions base) {
    base.dt_ms = overrides.dt_ms.value_or(base.dt_ms);
    base.reset = overrides.reset.value_or(base.reset);
    base.integrate = overrides.integrate.value_or(base.integrate);
    base.fire = overrides.fire.value_or(base.fire);
    base.input_gain = overrides.input_gain.value_or(base.input_gain);
    base.cuba_order = overrides.cuba_order.value_or(base.cuba_order);
    base.decay_gain = overrides.decay_gain.value_or(base.decay_gain);
    return base;
}

}  // namespace axfire
