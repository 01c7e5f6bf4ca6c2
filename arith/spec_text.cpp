// SPDX-License-Identifier: Apache-2.0
#include "arith/spec_text.h"

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
constexpr const char* kRoundings[] = {"rne", "rna", "rz", "ru", "rd", "odd", "sr"};  // in the order of the enum

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

/// Where the ( is that the last character closes; npos if nowhere.
std::size_t matching_parenthesis(std::string_view text) {
    std::size_t depth = 0;
    for (std::size_t i = text.size(); i-- > 0;) {
        depth += text[i] == ')' ? 1 : 0;
        if (text[i] == '(' && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

Parts split(std::string_view text) {
    const auto fail = [&](const std::string& what) {
        throw SpecError(
            fmt::format("arithmetic '{}': {}; write <unit>[(param=value,...)]@<format>[/<rounding>], for "
                        "example loa(k=8)@fp32 or exact@e5m10/rz",
                        text, what));
    };
    Parts parts;
    const std::size_t at = text.rfind('@');
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
    // A file's name may hold parentheses: the list of parameters is in the pair that ends the text.
    const bool closed = !head.empty() && head.back() == ')';
    const std::size_t open = closed ? matching_parenthesis(head) : head.find('(');
    if (open == std::string_view::npos && closed) {
        fail("the ) has no (");
    }
    if (open == std::string_view::npos || (!closed && head.find(':') != std::string_view::npos)) {
        parts.unit = head;
        return parts;
    }
    parts.unit = head.substr(0, open);
    if (!closed) {
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
constexpr const char* kIndices[] = {"significand", "fraction"};

u32 upper_bound(const ParameterInfo& p, u32 width) {
    return p.max == kCircuitWidth ? width : p.max == kTwiceCircuitWidth ? 2 * width : p.max;
}

u32 parse_number(std::string_view unit, const ParameterInfo& p, std::string_view value, u32 width) {
    if (p.choices != nullptr) {
        std::string_view rest = p.choices;
        for (u32 number = 0; number <= p.max; ++number) {
            const std::size_t bar = rest.find('|');
            if (value == rest.substr(0, bar)) {
                return number;
            }
            rest.remove_prefix(bar == std::string_view::npos ? rest.size() : bar + 1);
        }
        throw SpecError(fmt::format("{}: {}={} is unknown; {} ({}) is one of {}", unit, p.name, value, p.name,
                                    p.summary, p.choices));
    }
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

u32 parse_whole(std::string_view what, std::string_view value, u32 min, u32 max) {
    u32 number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size() || number < min || number > max) {
        throw SpecError(
            fmt::format("{} '{}' is out of range; it is a whole number from {} to {}", what, value, min, max));
    }
    return number;
}

void parse_order(std::string_view value, AdderSpec& s) {
    constexpr std::string_view kBlocked = "blocked:";
    if (value == "sequential") {
        s.order = Order::sequential;
    } else if (value == "tree") {
        s.order = Order::tree;
    } else if (value.starts_with(kBlocked)) {
        s.order = Order::blocked;
        s.block = parse_whole("order=blocked:", value.substr(kBlocked.size()), 1, 1u << 24);
    } else {
        throw SpecError(fmt::format("order '{}' is unknown; choose one of sequential, tree, blocked:<n>", value));
    }
}

/// round=, which says the same as the suffix.
void parse_round(std::string_view text, std::string_view value, const Parts& parts, Rounding& rounding) {
    const Rounding r = parse_rounding(value);
    if (parts.has_rounding && r != parts.rounding) {
        throw SpecError(
            fmt::format("'{}' names two roundings, round={} and /{}", text, value, to_string(parts.rounding)));
    }
    rounding = r;
}

/// subnormals= and overflow=, which both pipelines have.
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

/// A parameter's value as it is written: a number, or its name.
std::string value_text(const ParameterInfo& p, u32 value) {
    if (p.choices == nullptr) {
        return fmt::format("{}", value);
    }
    std::string_view rest = p.choices;
    for (; value > 0; --value) {
        rest.remove_prefix(rest.find('|') + 1);
    }
    return std::string(rest.substr(0, rest.find('|')));
}

std::string assemble(const char* name, const UnitInfo& unit, const Parameters& parameters, const std::string& options,
                     const Format& format, Rounding rounding) {
    std::string list;
    for (unsigned i = 0; i < unit.parameter_count; ++i) {
        const ParameterInfo& p = unit.parameters[i];
        if (!p.has_default || parameters.value[i] != p.default_value) {
            list += fmt::format(",{}={}", p.name, value_text(p, parameters.value[i]));
        }
    }
    list += options;
    if (format.subnormals == Subnormals::flush) {
        list += ",subnormals=flush";
    }
    if (format.overflow == Overflow::saturate) {
        list += ",overflow=saturate";
    }
    return fmt::format("{}{}@{}{}", name, list.empty() ? "" : "(" + list.substr(1) + ")", to_string(format),
                       rounding == Rounding::rne ? "" : "/" + to_string(rounding));
}

constexpr const char* kAdderOptions = "guard, round, subtract, zero_bypass, order, subnormals, overflow";
constexpr const char* kMultiplierOptions = "round, subnormals, overflow";

constexpr UnitInfo kModelInfo{"model", "a user's own unit", "the file", 0, {}};
const UnitInfo& unit_or_model(AdderId id) {
    return id == AdderId::model ? kModelInfo : info(id);
}
const UnitInfo& unit_or_model(MultiplierId id) {
    return id == MultiplierId::model ? kModelInfo : info(id);
}

/// Reads `file:function`; a name such as mul8u_1JFF tells N.
bool refers_to_file(std::string_view unit, ModelReference& reference) {
    const std::size_t colon = unit.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == unit.size()) {
        return false;
    }
    reference.file = unit.substr(0, colon);
    reference.function = unit.substr(colon + 1);
    const std::string& name = reference.function;
    if (name.starts_with("mul") || name.starts_with("add")) {
        u32 bits = 0;
        const auto [end, error] = std::from_chars(name.data() + 3, name.data() + name.size(), bits);
        if (error == std::errc{} && std::string_view(end).starts_with("u_")) {
            reference.bits = bits;
        }
    }
    return true;
}

/// bits= of a model; file= and index= of a table.
bool model_option(std::string_view key, std::string_view value, ModelReference& reference) {
    if (key == "bits" && !reference.function.empty()) {
        reference.bits = parse_whole("bits", value, 1, reference.adder ? 31 : 24);
    } else if (key == "file" && reference.function.empty()) {
        reference.file = value;
    } else if (key == "index" && reference.function.empty()) {
        reference.by_fraction = choose(key, value, kIndices) == 1;
    } else {
        return false;
    }
    return true;
}

LoadedModel load_model(std::string_view text, const ModelReference& reference, ModelLoader load) {
    if (reference.file.empty()) {
        throw SpecError(fmt::format("'{}': a table needs its file: write table(file=...)@<format>", text));
    }
    if (load == nullptr) {
        throw SpecError(fmt::format("'{}' lies in a file, and none can be loaded here", text));
    }
    return load(reference);
}

/// The parameters of a model as they are written.
std::string model_text(bool is_model, const ModelUse& use, const UnitModel* model) {
    if (!is_model) {
        return "";
    }
    if (use.kind == ModelKind::table) {
        return fmt::format(",file={}{}", model->name, use.by_fraction ? ",index=fraction" : "");
    }
    return use.kind == ModelKind::circuit ? fmt::format(",bits={}", use.bits) : "";
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

namespace {

/// The text of a circuit, which needs no format, with one.
std::string with_format(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const bool has = at != std::string_view::npos && text.find_first_of(":)", at) == std::string_view::npos;
    return std::string(text) + (has ? "" : "@fp32");
}

/// circuit_width = 0: the width that the pipeline has.
AdderSpec read_adder(std::string_view text, u32 circuit_width, ModelLoader load) {
    const Parts parts = split(text);
    AdderSpec s;
    ModelReference reference;
    if (const auto id = find_adder(parts.unit)) {
        s.unit = *id;
    } else if (refers_to_file(parts.unit, reference)) {
        s.unit = AdderId::model;
        reference.adder = true;
    } else {
        throw SpecError(fmt::format("adder '{}' is unknown; the adders are {}, or your own as file.c:function",
                                    parts.unit, names_of(all_adders())));
    }
    s.format = parts.format;
    s.rounding = parts.rounding;
    const bool exact = s.unit == AdderId::exact;
    const UnitInfo& unit = unit_or_model(s.unit);
    for (const auto& [key, value] : parts.arguments) {  // the circuit's width depends on it
        if (key == "guard" && !exact) {
            s.guard = parse_whole("guard", value, 0, 3);
            s.round_sum = s.guard != 0;
        }
    }
    const u32 width = circuit_width != 0 ? circuit_width : s.format.fraction_bits + 3 + s.guard;
    set_parameters(unit, parts, width, s.parameters, kAdderOptions, [&](std::string_view key, std::string_view value) {
        if (key == "subtract") {
            s.exact_subtraction = choose(key, value, kSubtract) == 1;
        } else if (key == "zero_bypass") {
            s.zero_bypass = choose(key, value, kOffOn) == 1;
        } else if (key == "order") {
            parse_order(value, s);
        } else if (key == "guard") {
            return !exact;
        } else if (key == "round") {
            parse_round(text, value, parts, s.rounding);
            s.round_sum = !exact;
        } else {
            return model_option(key, value, reference) || common_option(key, value, s.format);
        }
        return true;
    });
    if (const char* const wrong = invalid(s.unit, s.parameters, width)) {
        throw SpecError(fmt::format("'{}': {}", text, wrong));
    }
    if (s.unit == AdderId::model) {
        const LoadedModel loaded = load_model(text, reference, load);
        s.model = loaded.model;
        s.model_use = loaded.use;
        const u32 needed = circuit_width != 0 ? 0 : s.format.precision() + s.guard;
        if (s.model_use.kind == ModelKind::circuit && s.model_use.bits < needed) {
            throw SpecError(
                fmt::format("'{}' adds {} bits, and the significands of {} with {} guard bits have {}; use a "
                            "wider adder or a narrower format",
                            parts.unit, s.model_use.bits, to_string(s.format), s.guard, needed));
        }
    }
    return s;
}

MultiplierSpec read_multiplier(std::string_view text, u32 circuit_width, ModelLoader load) {
    const Parts parts = split(text);
    MultiplierSpec s;
    ModelReference reference;
    if (const auto id = find_multiplier(parts.unit)) {
        s.unit = *id;
    } else if (refers_to_file(parts.unit, reference) || parts.unit == "table") {
        s.unit = MultiplierId::model;
    } else {
        throw SpecError(
            fmt::format("multiplier '{}' is unknown; the multipliers are {}, table(file=...), or your own as "
                        "file.c:function",
                        parts.unit, names_of(all_multipliers())));
    }
    s.format = parts.format;
    s.rounding = parts.rounding;
    const u32 precision = circuit_width != 0 ? circuit_width : s.format.precision();
    const UnitInfo& unit = unit_or_model(s.unit);
    const int block = block_parameter(s.unit);
    // A parametric array used in n-bit blocks has its ranges at that width.
    u32 width = precision;
    for (const auto& [key, value] : parts.arguments) {
        if (u32 n = 0; block >= 0 && key == "n" &&
                       std::from_chars(value.data(), value.data() + value.size(), n).ec == std::errc{} && n > width &&
                       n <= 24) {
            width = n;
        }
    }
    set_parameters(unit, parts, width, s.parameters, kMultiplierOptions,
                   [&](std::string_view key, std::string_view value) {
                       if (key == "round") {
                           parse_round(text, value, parts, s.rounding);
                           s.round_product = s.unit != MultiplierId::exact;
                           return true;
                       }
                       return model_option(key, value, reference) || common_option(key, value, s.format);
                   });
    if (const char* const wrong = invalid(s.unit, s.parameters, width)) {
        throw SpecError(fmt::format("'{}': {}", text, wrong));
    }
    const auto too_small = [&](std::string_view what, u32 n) {
        return SpecError(
            fmt::format("{}: n={} is too small; two blocks must hold the {} significand bits of {}: n is a "
                        "whole number from {} to 24 here",
                        what, n, precision, to_string(s.format), (precision + 1) / 2));
    };
    const bool in_pipeline = circuit_width == 0;
    if (in_pipeline && block >= 0 && s.parameters.value[block] != 0 && 2 * s.parameters.value[block] < precision) {
        throw too_small(unit.name, s.parameters.value[block]);
    }
    if (s.unit == MultiplierId::model) {
        const LoadedModel loaded = load_model(text, reference, load);
        s.model = loaded.model;
        s.model_use = loaded.use;
        const ModelUse& use = s.model_use;
        if (in_pipeline && use.by_fraction && use.bits != s.format.fraction_bits) {
            throw SpecError(fmt::format("'{}' is a table over {}-bit fractions, and those of {} have {} bits", text,
                                        use.bits, to_string(s.format), s.format.fraction_bits));
        }
        if (in_pipeline && !use.by_fraction && use.kind != ModelKind::operation && 2 * use.bits < precision) {
            throw too_small(parts.unit, use.bits);
        }
    }
    return s;
}

}  // namespace

AdderSpec parse_adder(std::string_view text, ModelLoader load) {
    return read_adder(text, 0, load);
}

AdderSpec parse_adder_circuit(std::string_view text, u32 n, ModelLoader load) {
    const AdderSpec read = read_adder(with_format(text), n, load);
    AdderSpec s;
    s.unit = read.unit;
    s.parameters = read.parameters;
    s.model_use = read.model_use;
    s.model = read.model;
    return s;
}

MultiplierSpec parse_multiplier(std::string_view text, ModelLoader load) {
    return read_multiplier(text, 0, load);
}

MultiplierSpec parse_multiplier_circuit(std::string_view text, u32 n, ModelLoader load) {
    const MultiplierSpec read = read_multiplier(with_format(text), n, load);
    MultiplierSpec s;
    s.unit = read.unit;
    s.parameters = read.parameters;
    s.model_use = read.model_use;
    s.model = read.model;
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
    std::string options = model_text(s.unit == AdderId::model, s.model_use, s.model);
    options += s.guard != 0 ? fmt::format(",guard={}", s.guard) : "";
    options += s.exact_subtraction ? ",subtract=exact" : "";
    options += s.zero_bypass ? ",zero_bypass=on" : "";
    options += s.order == Order::tree ? ",order=tree" : "";
    options += s.order == Order::blocked ? fmt::format(",order=blocked:{}", s.block) : "";
    // round= and the suffix are one value: guard bits imply the rounding, else round= says that there is one.
    const bool says_round = s.round_sum && s.guard == 0;
    options += says_round ? ",round=" + to_string(s.rounding) : "";
    const UnitInfo& unit = unit_or_model(s.unit);
    return assemble(s.unit == AdderId::model ? s.model->name : unit.name, unit, s.parameters, options, s.format,
                    says_round ? Rounding::rne : s.rounding);
}

std::string to_string(const MultiplierSpec& s) {
    std::string options = model_text(s.unit == MultiplierId::model, s.model_use, s.model);
    options += s.round_product ? ",round=" + to_string(s.rounding) : "";
    const UnitInfo& unit = unit_or_model(s.unit);
    const bool table = s.unit == MultiplierId::model && s.model_use.kind == ModelKind::table;
    return assemble(s.unit != MultiplierId::model ? unit.name
                    : table                       ? "table"
                                                  : s.model->name,
                    unit, s.parameters, options, s.format, s.round_product ? Rounding::rne : s.rounding);
}

}  // namespace axfire
