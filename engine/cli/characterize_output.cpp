// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/characterize_output.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/cli/error_numbers.h"
#include "engine/report/heat_map.h"

namespace axfire::cli {

namespace {

using Json = nlohmann::ordered_json;

/// A figure's key, its heading in the table and how it is written there.
struct Figure {
    const char* key;
    const char* heading;
    double ErrorFigures::*value;
    std::string (*text)(double);
};
constexpr Figure kFigures[] = {
    {"error_rate", "error rate", &ErrorFigures::error_rate, percent},
    {"med", "MED", &ErrorFigures::med, plain},
    {"nmed", "NMED", &ErrorFigures::nmed, percent},
    {"mred", "MRED", &ErrorFigures::mred, percent},
    {"mse", "MSE", &ErrorFigures::mse, plain},
    {"wce", "WCE", &ErrorFigures::wce, whole},
    {"bias", "bias", &ErrorFigures::bias, with_sign},
    {"re_bias", "relative error, mean", &ErrorFigures::re_bias, percent_with_sign},
    {"re_min", "relative error, least", &ErrorFigures::re_min, percent_with_sign},
    {"re_max", "relative error, greatest", &ErrorFigures::re_max, percent_with_sign},
};

std::string table_row(const char* heading, const std::vector<std::string>& values) {
    std::string text = fmt::format("  {:<25}", heading);
    for (const std::string& value : values) {
        text += fmt::format(" {:>22}", value);
    }
    return text + "\n";
}

/// The rows of an addition.
std::string rows_text(const std::vector<AdditionRow>& rows) {
    std::string text = fmt::format("\n  {:>10} {:<9} {:>12} {:>14} {:>14} {:>14} {:>14}\n", "difference", "signs",
                                   "error rate", "MRED", "worst relative", "MED (ulp)", "WCE (ulp)");
    for (const AdditionRow& row : rows) {
        const ErrorFigures& f = row.figures;
        text += fmt::format("  {:>10} {:<9} {:>12} {:>14} {:>14} {:>14} {:>14}\n", row.difference,
                            row.opposite ? "opposite" : "same", percent(f.error_rate), percent(f.mred),
                            percent(std::max(std::abs(f.re_min), std::abs(f.re_max))), plain(f.med), whole(f.wce));
    }
    return text + "  difference: of the exponents. ulp: unit in the last place of the larger operand.\n";
}

/// A whole number as one.
Json number(double value) {
    const bool is_whole = value == std::floor(value) && std::abs(value) < 0x1p53;
    return is_whole ? Json(static_cast<std::int64_t>(value)) : Json(value);
}

void put_figures(Json& json, const ErrorFigures& f) {
    for (const Figure& figure : kFigures) {
        json[figure.key] = number(f.*figure.value);
    }
    if (f.not_finite > 0) {
        json["not_finite"] = f.not_finite;
    }
}

std::string csv_line(const char* part, const std::string& row, const ErrorFigures& f) {
    std::string line = fmt::format("{},{},{}", part, row, f.pairs);
    for (const Figure& figure : kFigures) {
        line += fmt::format(",{}", f.*figure.value);
    }
    return line + "\n";
}

/// Axes of an addition's grid: the accumulator's significand, and the rows of `operation_row`.
void addition_axes(const Characterization& c, HeatMap& map) {
    map.x = {"significand of the accumulator, which has the larger exponent", {1, 2}};
    map.y = {"signs and difference of the exponents", {0, 1}};
    map.y.names.resize(map.rows);
    for (u32 d = 0; d < map.rows / 2; ++d) {
        map.y.names[operation_row(d, true, c.bits - 1)] = fmt::format("opposite, {}", d);
        map.y.names[operation_row(d, false, c.bits - 1)] = fmt::format("same, {}", d);
    }
}

}  // namespace

std::string characterization_text(const Characterization& c) {
    std::vector<std::string> names, pairs, units;
    u64 not_finite = 0;
    for (const CharacterizedPart& part : c.parts) {
        const ErrorFigures& f = part.measured.figures;
        names.emplace_back(part.name);
        pairs.push_back(fmt::format("{} ({})", f.pairs, part.measured.sampled ? "sampled" : "all"));
        units.push_back(part.unit);
        not_finite += f.not_finite;
    }
    std::string text =
        fmt::format("{}, {} of {} bits\n", c.unit, c.op == Operation::add ? "adder" : "multiplier", c.bits);
    text += table_row("", names) + table_row("pairs", pairs);
    for (const Figure& figure : kFigures) {
        std::vector<std::string> values;
        for (const CharacterizedPart& part : c.parts) {
            values.push_back(figure.text(part.measured.figures.*figure.value));
        }
        text += table_row(figure.heading, values);
    }
    text += table_row("errors count in", units);
    if (not_finite > 0) {
        text += fmt::format("  {} results are infinite or no number: errors, and in no other figure\n", not_finite);
    }
    for (const CharacterizedPart& part : c.parts) {
        text += part.rows.empty() ? "" : rows_text(part.rows);
    }
    return text;
}

std::string characterization_json(const Characterization& c) {
    Json json;
    json["unit"] = c.unit;
    json["op"] = c.op == Operation::add ? "add" : "mul";
    json["bits"] = c.bits;
    json["sampled"] = c.parts[0].measured.sampled;
    json["pairs"] = c.parts[0].measured.figures.pairs;
    if (c.parts[0].measured.sampled) {
        json["seed"] = c.sampling.seed;
    }
    put_figures(json, c.parts[0].measured.figures);
    for (const CharacterizedPart& part : c.parts) {
        Json& inner = json[part.name];
        inner["sampled"] = part.measured.sampled;
        inner["pairs"] = part.measured.figures.pairs;
        inner["unit"] = part.unit;
        put_figures(inner, part.measured.figures);
        for (const AdditionRow& row : part.rows) {
            Json one{{"difference", row.difference}, {"signs", row.opposite ? "opposite" : "same"}};
            one["pairs"] = row.figures.pairs;
            put_figures(one, row.figures);
            inner["rows"].push_back(one);
        }
    }
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string characterization_csv(const Characterization& c) {
    std::string csv = "part,difference,signs,pairs";
    for (const Figure& figure : kFigures) {
        csv += fmt::format(",{}", figure.key);
    }
    csv += "\n";
    for (const CharacterizedPart& part : c.parts) {
        csv += csv_line(part.name, ",", part.measured.figures);
        for (const AdditionRow& row : part.rows) {
            csv += csv_line(part.name, fmt::format("{},{}", row.difference, row.opposite ? "opposite" : "same"),
                            row.figures);
        }
    }
    return csv;
}

std::string characterization_svg(const Characterization& c) {
    const CharacterizedPart& part = c.parts[0];
    const ErrorGrid& grid = part.measured.grid;
    HeatMap map;
    map.columns = grid.columns;
    map.rows = grid.rows;
    map.values = grid.means();
    map.title =
        fmt::format("{}, {} pairs{}", c.unit, part.measured.figures.pairs, part.measured.sampled ? ", sampled" : "");
    map.value_label = c.op == Operation::mul ? "mean |relative error|" : "mean |error|";
    const bool integer = std::string_view(part.name) == "integer";
    if (!integer && c.op == Operation::add) {
        map.value_label = "mean |error| (ulp)";
        addition_axes(c, map);
    } else {
        const svg::Range range = integer ? svg::Range{0, std::ldexp(1.0, static_cast<int>(c.bits))} : svg::Range{1, 2};
        map.x = {integer ? "operand A" : "significand of operand A", range};
        map.y = {integer ? "operand B" : "significand of operand B", range};
    }
    return heat_map_svg(map);
}

}  // namespace axfire::cli
