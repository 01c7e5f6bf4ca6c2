// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/arithmetic_config.h"

#include <fnmatch.h>

#include <fmt/format.h>
#include <toml.hpp>

#include "arith/error.h"
#include "engine/models/load_model.h"

namespace axfire::cli {

namespace {

constexpr const char* kUnitKeys = "mul, add, neuron_mul, neuron_add";

/// One of the units; false for a key that is none.
bool set_unit(const std::string& key, const std::string& text, UnitTexts& units) {
    std::string* const place = key == "mul"          ? &units.mul
                               : key == "add"        ? &units.add
                               : key == "neuron_mul" ? &units.neuron_mul
                               : key == "neuron_add" ? &units.neuron_add
                                                     : nullptr;
    if (place != nullptr) {
        *place = text;
    }
    return place != nullptr;
}

struct Reader {
    const std::string& file;

    [[noreturn]] void fail(const toml::value& where, const std::string& what) const {
        throw InputError(fmt::format("{}:{}: {}", file, where.location().line(), what));
    }

    std::string text(const std::string& key, const toml::value& value) const {
        if (!value.is_string()) {
            fail(value, fmt::format("{} is a text in quotation marks", key));
        }
        return value.as_string().str;
    }

    UnitTexts units(const toml::value& table, const char* extra_key, const char* choices) const {
        if (!table.is_table()) {
            fail(table, "a table is expected here");
        }
        UnitTexts units;
        for (const auto& [key, value] : table.as_table()) {
            if (key != extra_key && !set_unit(key, text(key, value), units)) {
                fail(value, fmt::format("the key '{}' is unknown; there are {}", key, choices));
            }
        }
        return units;
    }

    std::vector<std::string> globs(const toml::value& value) const {
        std::vector<std::string> list;
        if (value.is_array()) {
            for (const toml::value& item : value.as_array()) {
                list.push_back(text("match", item));
            }
        } else {
            list.push_back(text("match", value));
        }
        return list;
    }
};

}  // namespace

void set_units(const UnitTexts& texts, TablePolicy table, Arithmetic& arithmetic) {
    if (!texts.mul.empty()) {
        arithmetic.synapse_mul = with_table(parse_multiplier(texts.mul, load_model), table);
    }
    if (!texts.add.empty()) {
        arithmetic.synapse_add = parse_adder(texts.add, load_model);
    }
    if (!texts.neuron_mul.empty()) {
        arithmetic.neuron_mul = with_table(parse_multiplier(texts.neuron_mul, load_model), table);
    }
    if (!texts.neuron_add.empty()) {
        arithmetic.neuron_add = parse_adder(texts.neuron_add, load_model);
    }
}

ArithmeticConfig read_arithmetic_config(const std::string& file) {
    toml::value root;
    try {
        root = toml::parse(file);
    } catch (const toml::syntax_error& error) {
        // The library's text is a drawing over several lines; its first line tells what is wrong.
        std::string text = error.what();
        text = text.substr(0, text.find('\n'));
        throw InputError(fmt::format("{}:{}: {}", file, error.location().line(), text));
    } catch (const std::exception&) {
        throw InputError(fmt::format("'{}' cannot be read", file));
    }
    const Reader reader{file};
    ArithmeticConfig config;
    for (const auto& [key, value] : root.as_table()) {
        if (key == "arithmetic") {
            config.all = reader.units(value, "", kUnitKeys);
        } else if (key == "layer" && value.is_array()) {
            for (const toml::value& layer : value.as_array()) {
                const UnitTexts units = reader.units(layer, "match", "match, mul, add, neuron_mul, neuron_add");
                if (!layer.contains("match")) {
                    reader.fail(layer, "a [[layer]] needs match, a glob over layer names");
                }
                config.layers.push_back({reader.globs(layer.at("match")), units});
            }
        } else {
            reader.fail(value, fmt::format("'{}' is unknown; there are [arithmetic] and [[layer]]", key));
        }
    }
    return config;
}

std::vector<Arithmetic> arithmetic_by_name(const ArithmeticConfig& config, const std::vector<std::string>& names,
                                           const Arithmetic& all, TablePolicy table) {
    std::vector<Arithmetic> result(names.size(), all);
    for (const ArithmeticConfig::Layer& layer : config.layers) {
        Arithmetic parsed;  // once: a model is loaded and measured here
        set_units(layer.units, table, parsed);
        for (const std::string& glob : layer.match) {
            bool matched = false;
            for (std::size_t i = 0; i < names.size(); ++i) {
                if (fnmatch(glob.c_str(), names[i].c_str(), 0) == 0) {
                    matched = true;
                    Arithmetic& a = result[i];
                    a.synapse_mul = layer.units.mul.empty() ? a.synapse_mul : parsed.synapse_mul;
                    a.synapse_add = layer.units.add.empty() ? a.synapse_add : parsed.synapse_add;
                    a.neuron_mul = layer.units.neuron_mul.empty() ? a.neuron_mul : parsed.neuron_mul;
                    a.neuron_add = layer.units.neuron_add.empty() ? a.neuron_add : parsed.neuron_add;
                }
            }
            if (!matched) {
                std::string list;
                for (const std::string& name : names) {
                    list += (list.empty() ? "" : ", ") + name;
                }
                throw InputError(
                    fmt::format("the configuration file's match = \"{}\" matches no layer; there are {}", glob, list));
            }
        }
    }
    return result;
}

}  // namespace axfire::cli
