// SPDX-License-Identifier: Apache-2.0
#include "arith/spec.h"

#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/error.h"

namespace axfire {

namespace {

struct NamedFormat {
    const char* name;
    Format format;
};
constexpr NamedFormat kFormats[] = {{"fp32", kFp32},       {"tf32", kTf32},           {"bf16", kBf16},
                                    {"fp16", kFp16},       {"dlfloat16", kDlfloat16}, {"fp8_e4m3", kFp8E4m3},
                                    {"fp8_e5m2", kFp8E5m2}};
constexpr const char* kFormatChoices =
    "fp32, tf32, bf16, fp16, dlfloat16, fp8_e4m3, fp8_e5m2 or e<E>m<M> with E 2..8 and M 1..23";
constexpr const char* kRoundings[] = {"rne", "rna", "rz", "ru", "rd", "odd"};  // in the order of the enum

/// `unit(key=value,...)@format/rounding`, cut into its parts.
struct Parts {
    std::string_view unit;
    std::vector<std::pair<std::string_view, std::string_view>> arguments;
    Format format;
    Rounding rounding = Rounding::rne;
    bool has_rounding = false;
};

std::string names_of(std::span<const UnitInfo* const> units) {
    std::string names;
    for (const UnitInfo* u : units) {
        names += (names.empty() ? "" : ", ") + std::string(u->name);
    }
    return names;
}

Parts split(std::string_view text) {
    const auto fail = [&](const std::string& what) {
        throw SpecError(
            fmt::format("arithmetic '{}': {}; write <unit>[(param=value,...)]@<format>[/<rounding>], for "
                        "example loa(k=8)@fp32 or exact@e5m10/rz",
                        text, what));
    };
    Parts parts;
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) {
        fail("there is no @format");
    }
    std::string_view head = text.substr(0, at);
    std::string_view tail = text.substr(at + 1);
    if (const std::size_t slash = tail.find('/'); slash != std::string_view::npos) {
        parts.rounding = parse_rounding(tail.substr(slash + 1));
        parts.has_rounding = true;
        tail = tail.substr(0, slash);
    }
    parts.format = parse_format(tail);
    const std::size_t open = head.find('(');
    parts.unit = head.substr(0, open);
    if (open == std::string_view::npos) {
        return parts;
    }
    if (head.back() != ')') {
        fail("the ( has no ) before the @");
    }
    std::string_view list = head.substr(open + 1, head.size() - open - 2);
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view item = list.substr(0, comma);
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos) {
            fail(fmt::format("'{}' is not param=value", item));
        }
        for (const auto& earlier : parts.arguments) {
            if (earlier.first == item.substr(0, equals)) {
                fail(fmt::format("'{}' is given twice", earlier.first));
            }
        }
        parts.arguments.emplace_back(item.substr(0, equals), item.substr(equals + 1));
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    }
    return parts;
}

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

constexpr const char* kGradualFlush[] = {"gradual", "flush"};
constexpr const char* kInfinitySaturate[] = {"infinity", "saturate"};
constexpr const char* kOffOn[] = {"off", "on"};
constexpr const char* kSubtract[] = {"circuit", "exact"};
constexpr const char* kOrders[] = {"sequential"};

u32 upper_bound(const ParameterInfo& p, u32 width) {
    return p.max == kCircuitWidth ? width : p.max == kTwiceCircuitWidth ? 2 * width : p.max;
}

u32 parse_number(std::string_view unit, const ParameterInfo& p, std::string_view value, u32 width) {
    u32 number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const u32 max = upper_bound(p, width);
    if (error != std::errc{} || end != value.data() + value.size() || number < p.min || number > max) {
        throw SpecError(fmt::format("{}: {}={} is out of range; {} ({}) is a whole number from {} to {} here", unit,
                                    p.name, value, p.name, p.summary, p.min, max));
    }
    return number;
}

/// Sets the unit's own parameters; every other argument goes to `option`, which says whether it knows the key.
template <class Option>
void set_parameters(const UnitInfo& unit, const Parts& parts, u32 width, Parameters& parameters,
                    const char* option_names, Option option) {
    bool given[kMaxParameters] = {};
    for (const auto& [key, value] : parts.arguments) {
        bool known = false;
        for (unsigned i = 0; i < unit.parameter_count; ++i) {
            if (key == unit.parameters[i].name) {
                parameters.value[i] = parse_number(unit.name, unit.parameters[i], value, width);
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
                                        p.summary, p.min, upper_bound(p, width), unit.name, p.name,
                                        to_string(parts.format)));
        }
        if (!given[i]) {
            parameters.value[i] = p.default_value;
        }
    }
}

/// subnormals=, overflow= and order=, which both pipelines have.
bool common_option(std::string_view key, std::string_view value, Format& format) {
    if (key == "subnormals") {
        format.subnormals = static_cast<Subnormals>(choose("subnormals", value, kGradualFlush));
    } else if (key == "overflow") {
        format.overflow = static_cast<Overflow>(choose("overflow", value, kInfinitySaturate));
    } else {
        return false;
    }
    return true;
}

std::string assemble(const UnitInfo& unit, const Parameters& parameters, const std::string& options,
                     const Format& format, Rounding rounding) {
    std::string list;
    for (unsigned i = 0; i < unit.parameter_count; ++i) {
        const ParameterInfo& p = unit.parameters[i];
        if (!p.has_default || parameters.value[i] != p.default_value) {
            list += fmt::format(",{}={}", p.name, parameters.value[i]);
        }
    }
    list += options;
    if (format.subnormals == Subnormals::flush) {
        list += ",subnormals=flush";
    }
    if (format.overflow == Overflow::saturate) {
        list += ",overflow=saturate";
    }
    return fmt::format("{}{}@{}{}", unit.name, list.empty() ? "" : "(" + list.substr(1) + ")", to_string(format),
                       rounding == Rounding::rne ? "" : "/" + to_string(rounding));
}

}  // namespace

Format parse_format(std::string_view text) {
    for (const NamedFormat& f : kFormats) {
        if (text == f.name) {
            return f.format;
        }
    }
    if (text == "e4m3fn") {
        return kFp8E4m3;
    }
    Format f;
    const char* const end = text.data() + text.size();
    if (text.starts_with('e')) {
        const auto e = std::from_chars(text.data() + 1, end, f.exponent_bits);
        if (e.ec == std::errc{} && e.ptr != end && *e.ptr == 'm') {
            const auto m = std::from_chars(e.ptr + 1, end, f.fraction_bits);
            if (m.ec == std::errc{} && m.ptr == end && f.exponent_bits >= 2 && f.exponent_bits <= 8 &&
                f.fraction_bits >= 1 && f.fraction_bits <= 23) {
                return f;
            }
        }
    }
    throw SpecError(fmt::format("format '{}' is unknown; choose one of {}", text, kFormatChoices));
}

Rounding parse_rounding(std::string_view text) {
    return static_cast<Rounding>(choose("rounding", text, kRoundings));
}

AdderSpec parse_adder(std::string_view text) {
    const Parts parts = split(text);
    const auto id = find_adder(parts.unit);
    if (!id) {
        throw SpecError(fmt::format("adder '{}' is unknown; the adders are {}", parts.unit, names_of(all_adders())));
    }
    AdderSpec s;
    s.unit = *id;
    s.format = parts.format;
    s.rounding = parts.rounding;
    set_parameters(info(*id), parts, s.format.fraction_bits + 3, s.parameters,
                   "subtract, zero_bypass, order, subnormals, overflow",
                   [&](std::string_view key, std::string_view value) {
                       if (key == "subtract") {
                           s.exact_subtraction = choose(key, value, kSubtract) == 1;
                       } else if (key == "zero_bypass") {
                           s.zero_bypass = choose(key, value, kOffOn) == 1;
                       } else if (key == "order") {
                           choose(key, value, kOrders);
                       } else {
                           return common_option(key, value, s.format);
                       }
                       return true;
                   });
    return s;
}

MultiplierSpec parse_multiplier(std::string_view text) {
    const Parts parts = split(text);
    const auto id = find_multiplier(parts.unit);
    if (!id) {
        throw SpecError(
            fmt::format("multiplier '{}' is unknown; the multipliers are {}", parts.unit, names_of(all_multipliers())));
    }
    MultiplierSpec s;
    s.unit = *id;
    s.format = parts.format;
    s.rounding = parts.rounding;
    const u32 precision = s.format.precision();
    // A parametric array used in n-bit blocks has its ranges at that width.
    u32 width = precision;
    for (const auto& [key, value] : parts.arguments) {
        if (u32 n = 0; key == "n" && std::from_chars(value.data(), value.data() + value.size(), n).ec == std::errc{} &&
                       n > width && n <= 24) {
            width = n;
        }
    }
    set_parameters(info(*id), parts, width, s.parameters, "round, subnormals, overflow",
                   [&](std::string_view key, std::string_view value) {
                       if (key != "round") {
                           return common_option(key, value, s.format);
                       }
                       const Rounding r = parse_rounding(value);
                       if (parts.has_rounding && r != parts.rounding) {
                           throw SpecError(fmt::format("'{}' names two roundings, round={} and /{}", text, value,
                                                       to_string(parts.rounding)));
                       }
                       s.rounding = r;
                       s.round_product = *id != MultiplierId::exact;
                       return true;
                   });
    const UnitInfo& unit = info(*id);
    for (unsigned i = 0; i < unit.parameter_count; ++i) {
        const u32 n = s.parameters.value[i];
        if (std::string_view(unit.parameters[i].name) == "n" && n != 0 && 2 * n < precision) {
            throw SpecError(
                fmt::format("{}: n={} is too small; two blocks must hold the {} significand bits of {}: n "
                            "is a whole number from {} to 24 here",
                            unit.name, n, precision, to_string(s.format), (precision + 1) / 2));
        }
    }
    return s;
}

std::string to_string(Rounding rounding) {
    return kRoundings[static_cast<std::size_t>(rounding)];
}

std::string to_string(const Format& format) {
    Format plain = format;
    plain.subnormals = Subnormals::gradual;
    plain.overflow = Overflow::infinity;
    for (const NamedFormat& f : kFormats) {
        if (plain == f.format) {
            return f.name;
        }
    }
    return fmt::format("e{}m{}", format.exponent_bits, format.fraction_bits);
}

std::string to_string(const AdderSpec& s) {
    return assemble(
        info(s.unit), s.parameters,
        std::string(s.exact_subtraction ? ",subtract=exact" : "") + (s.zero_bypass ? ",zero_bypass=on" : ""), s.format,
        s.rounding);
}

std::string to_string(const MultiplierSpec& s) {
    // round= and the suffix are one value; with round= the suffix would say it twice.
    return s.round_product
               ? assemble(info(s.unit), s.parameters, ",round=" + to_string(s.rounding), s.format, Rounding::rne)
               : assemble(info(s.unit), s.parameters, "", s.format, s.rounding);
}

}  // namespace axfire
