// SPDX-License-Identifier: Apache-2.0
#include "arith/spec_text.h"

#include <charconv>
#include <span>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/error.h"
#include "arith/spec_parts.h"

namespace axfire {

namespace {

std::string names_of(std::span<const UnitInfo* const> units) {
    std::string names;
    for (const UnitInfo* u : units) {
        names += (names.empty() ? "" : ", ") + std::string(u->name);
    }
    return names;
}

constexpr const char* kGradualFlush[] = {"gradual", "flush"};
constexpr const char* kInfinitySaturate[] = {"infinity", "saturate"};
constexpr const char* kOffOn[] = {"off", "on"};
constexpr const char* kSubtract[] = {"circuit", "exact"};
constexpr const char* kIndices[] = {"significand", "fraction"};

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
void parse_round(std::string_view text, std::string_view value, const SpecParts& parts, Rounding& rounding) {
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

std::string assemble(const char* name, const UnitInfo& unit, const Parameters& parameters, const std::string& options,
                     const Format& format, Rounding rounding) {
    std::string list;
    for (unsigned i = 0; i < unit.parameter_count; ++i) {
        const ParameterInfo& p = unit.parameters[i];
        if (!p.has_default || parameters.value[i] != p.default_value) {
            list += fmt::format(",{}={}", p.name, parameter_text(p, parameters.value[i]));
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

/// What a unit takes beside its own parameters, for messages.
std::string adder_options(AdderId id) {
    return std::string(id == AdderId::model ? "bits, " : "") + (id == AdderId::exact ? "" : "guard, ") +
           "round, subtract, zero_bypass, order, subnormals, overflow";
}
std::string multiplier_options(MultiplierId id, bool table) {
    return std::string(id != MultiplierId::model ? ""
                       : table                   ? "file, index, "
                                                 : "bits, ") +
           "round, subnormals, overflow";
}

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

namespace {

/// The text of a circuit, which needs no format, with one.
std::string with_format(std::string_view text) {
    const std::size_t at = text.rfind('@');
    const bool has = at != std::string_view::npos && text.find_first_of(":)", at) == std::string_view::npos;
    return std::string(text) + (has ? "" : "@fp32");
}

/// circuit_width = 0: the width that the pipeline has.
AdderSpec read_adder(std::string_view text, u32 circuit_width, ModelLoader load) {
    const SpecParts parts = split_spec(text);
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
    set_parameters(unit, parts, width, s.parameters, adder_options(s.unit),
                   [&](std::string_view key, std::string_view value) {
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
    const SpecParts parts = split_spec(text);
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
    set_parameters(unit, parts, width, s.parameters, multiplier_options(s.unit, parts.unit == "table"),
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
        const u32 least = (precision + 1) / 2;
        return SpecError(
            s.unit == MultiplierId::model
                ? fmt::format("{} multiplies {} bits; two such blocks do not hold the {} significand bits of {}: use a "
                              "circuit of at least {} bits, or a format of at most {} fraction bits",
                              what, n, precision, to_string(s.format), least, 2 * n - 1)
                : fmt::format("{}: n={} is too small; two blocks must hold the {} significand bits of {}: n is a whole "
                              "number from {} to 24 here",
                              what, n, precision, to_string(s.format), least));
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

/// The unit without its pipeline.
template <class Spec>
Spec circuit_alone(const Spec& read) {
    Spec s;
    s.unit = read.unit;
    s.parameters = read.parameters;
    s.model_use = read.model_use;
    s.model = read.model;
    return s;
}

}  // namespace

AdderSpec parse_adder(std::string_view text, ModelLoader load) {
    return read_adder(text, 0, load);
}

AdderSpec parse_adder_circuit(std::string_view text, u32 n, ModelLoader load) {
    return circuit_alone(read_adder(with_format(text), n, load));
}

MultiplierSpec parse_multiplier(std::string_view text, ModelLoader load) {
    return read_multiplier(text, 0, load);
}

MultiplierSpec parse_multiplier_circuit(std::string_view text, u32 n, ModelLoader load) {
    return circuit_alone(read_multiplier(with_format(text), n, load));
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
