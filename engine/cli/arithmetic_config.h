// SPDX-License-Identifier: Apache-2.0
// The arithmetic of single layers, from a TOML file (docs/run_options.md).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "arith/spec_text.h"
#include "engine/models/tabulate.h"

namespace axfire::cli {

/// The four units as text, empty where nothing is said.
struct UnitTexts {
    std::string mul, add, neuron_mul, neuron_add;
};

/// Parses the units that are given and sets them.
void set_units(const UnitTexts& texts, TablePolicy table, Arithmetic& arithmetic);

/// `[arithmetic]` of the file: units for all layers, where the command line names none; then each `[[layer]]`, in
/// order: `match`, a glob over node names or a list of them, and units for the nodes that it matches.
struct ArithmeticConfig {
    UnitTexts all;
    struct Layer {
        std::vector<std::string> match;
        UnitTexts units;
    };
    std::vector<Layer> layers;
};

/// Throws InputError with the file's name: not TOML, an unknown key, a value that is no text.
ArithmeticConfig read_arithmetic_config(const std::string& file);

/// One arithmetic for each name. Throws InputError for a glob that matches none, and lists the names.
std::vector<Arithmetic> arithmetic_by_name(const ArithmeticConfig& config, const std::vector<std::string>& names,
                                           const Arithmetic& all, TablePolicy table);

}  // namespace axfire::cli
