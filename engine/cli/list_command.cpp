// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "engine/characterize/characterize.h"
#include "engine/characterize/example.h"
#include "engine/cli/commands.h"
#include "engine/cli/error_numbers.h"
#include "engine/cli/parameter_range.h"

namespace axfire::cli {

std::string parameter_range(const ParameterInfo& p, bool adder) {
    if (p.choices != nullptr) {
        const std::string choices = p.choices;
        return fmt::format("{} {} (default {})", p.name, choices, choices.substr(0, choices.find('|')));
    }
    const char* const width = adder ? "M+3" : "M+1";
    const std::string max = p.max == kCircuitWidth        ? width
                            : p.max == kTwiceCircuitWidth ? fmt::format("2({})", width)
                            : p.max == kFractionWidth     ? std::string("M")
                                                          : fmt::format("{}", p.max);
    const std::string otherwise = !p.has_default         ? "required"
                                  : p.default_value == 0 ? "optional"
                                                         : fmt::format("default {}", p.default_value);
    return fmt::format("{} {}..{} ({})", p.name, p.min, max, otherwise);
}

namespace {

constexpr const char* kLine = "  {:<18} {:>10} {:>11} {:>6} {:>11}";
constexpr const char* kRelative = " {:>10} {:>11} {:>11} {:>11}";

std::string description(const UnitInfo& unit, bool adder) {
    std::string text = unit.summary;
    for (unsigned i = 0; i < unit.parameter_count; ++i) {
        text += (i == 0 ? "; " : ", ") + parameter_range(unit.parameters[i], adder);
    }
    return text;
}

std::string integer_figures(const Circuit& circuit) {
    const ErrorFigures f = measure_circuit(circuit, {}, false).figures;
    return fmt::format(fmt::runtime(kLine), to_string(circuit), percent(f.error_rate), plain(f.med), whole(f.wce),
                       with_sign(f.bias));
}

/// Over normalised significands of the circuit's width.
std::string relative_figures(MultiplierSpec spec) {
    spec.format = {8, kDefaultBits - 1};
    const ErrorFigures f = measure_significands(spec, {}, false).figures;
    return fmt::format(fmt::runtime(kRelative), percent(f.mred), percent_with_sign(f.re_bias),
                       percent_with_sign(f.re_min), percent_with_sign(f.re_max));
}

void list_command() {
    std::string text = fmt::format(fmt::runtime(kLine), "adders", "error rate", "MED", "WCE", "bias") + "\n";
    for (std::size_t i = 0; i < all_adders().size(); ++i) {
        const AdderId id = static_cast<AdderId>(i);
        text += integer_figures(example_circuit(id)) + "\n      " + description(info(id), true) + "\n";
    }
    text += "\n" + fmt::format(fmt::runtime(kLine), "multipliers", "error rate", "MED", "WCE", "bias") +
            fmt::format(fmt::runtime(kRelative), "MRED*", "mean*", "least*", "greatest*") + "\n";
    for (std::size_t i = 0; i < all_multipliers().size(); ++i) {
        const MultiplierId id = static_cast<MultiplierId>(i);
        const Circuit circuit = example_circuit(id);
        text += integer_figures(circuit) + relative_figures(circuit.multiplier) + "\n      " +
                description(info(id), false) + "\n";
    }
    fmt::print(
        "{}\n  table(file=...)    a multiplier as a look-up table from an HDF5 or .npy file\n"
        "  file.c:function    an adder or a multiplier of your own, C or C++\n\n"
        "Figures: all pairs of 8-bit integers, with the parameters shown. *: relative error over normalised 8-bit\n"
        "significands, the only ones that a floating-point multiplier sees. M: fraction bits of the format.\n"
        "axfire arith describe UNIT tells more, axfire arith characterize UNIT measures other parameters.\n",
        text);
}

}  // namespace

void add_list(CLI::App& arith) {
    arith.add_subcommand("list", "All units, with their parameters and how wrong they are")->callback(list_command);
}

}  // namespace axfire::cli
