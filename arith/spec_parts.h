// SPDX-License-Identifier: Apache-2.0
// The text of a spec cut into its parts, and the values of parameters in it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arith/error.h"
#include "arith/format.h"
#include "arith/unit.h"

namespace axfire {

/// `unit(key=value,...)@format/rounding`, views into the text.
struct SpecParts {
    std::string_view unit;
    std::vector<std::pair<std::string_view, std::string_view>> arguments;
    std::string_view format_text;
    Format format;
    Rounding rounding = Rounding::rne;
    bool has_rounding = false;
};

/// Throws SpecError that shows how a spec is written.
SpecParts split_spec(std::string_view text);

/// A whole number in its range, or SpecError that names it.
u32 parse_whole(std::string_view what, std::string_view value, u32 min, u32 max);

/// The value of a unit's parameter in a circuit of n bits: a number in its range, or one of its names.
u32 parse_parameter(std::string_view unit, const ParameterInfo& p, std::string_view value, u32 n);
/// As it is written: a number, or its name.
std::string parameter_text(const ParameterInfo& p, u32 value);

/// The index of `value` among `choices`. Throws SpecError that lists them.
template <std::size_t N>
std::size_t choose(std::string_view what, std::string_view value, const char* const (&choices)[N]) {
    std::string list;
    for (std::size_t i = 0; i < N; ++i) {
        if (value == choices[i]) {
            return i;
        }
        list += (i == 0 ? "" : ", ") + std::string(choices[i]);
    }
    throw SpecError(fmt::format("{} '{}' is unknown; choose one of {}", what, value, list));
}

/// Sets the unit's own parameters for a circuit of n bits; every other argument goes to `option`, which says whether it
/// knows the key. `option_names` lists those for the message.
template <class Option>
void set_parameters(const UnitInfo& unit, const SpecParts& parts, u32 n, Parameters& parameters,
                    const std::string& option_names, Option option) {
    bool given[kMaxParameters] = {};
    for (const auto& [key, value] : parts.arguments) {
        bool known = false;
        for (unsigned i = 0; i < unit.parameter_count; ++i) {
            if (key == unit.parameters[i].name) {
                parameters.value[i] = parse_parameter(unit.name, unit.parameters[i], value, n);
                known = given[i] = true;
            }
        }
        if (!known && !option(key, value)) {
            std::string own;
            for (unsigned i = 0; i < unit.parameter_count; ++i) {
                own += std::string(unit.parameters[i].name) + ", ";
            }
            throw SpecError(fmt::format("{} has no parameter '{}'; it takes {}{}", unit.name, key, own, option_names));
        }
    }
    for (unsigned i = 0; i < unit.parameter_count; ++i) {
        const ParameterInfo& p = unit.parameters[i];
        if (!given[i] && !p.has_default) {
            throw SpecError(fmt::format("{} needs {} ({}), from {} to {}: write {}({}=...)@{}", unit.name, p.name,
                                        p.summary, p.min, upper_bound(p, n), unit.name, p.name, parts.format_text));
        }
        if (!given[i]) {
            parameters.value[i] = p.default_value;
        }
    }
}

}  // namespace axfire
