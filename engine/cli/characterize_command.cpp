// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/cli/characterize_output.h"
#include "engine/cli/commands.h"
#include "engine/formats/atomic_file.h"
#include "engine/models/load_model.h"

namespace axfire::cli {

namespace {

constexpr u64 kMostSamples = u64{1} << 27;  // sums of squares stay below 2^127

struct CharacterizeOptions {
    std::string unit;
    std::string op;
    bool integer = false;
    u32 bits = 0;
    Sampling sampling;
    bool json = false;
    std::string svg;
    std::string csv;
    bool force = false;
};

Characterization characterize_integers(const CharacterizeOptions& o, Operation op) {
    const Circuit circuit = parse_circuit(o.unit, op, o.bits, load_model);
    Characterization c{to_string(circuit), op, circuit.bits, o.sampling, {}};
    c.parts.push_back({"integer", "1", measure_circuit(circuit, o.sampling, !o.svg.empty())});
    return c;
}

Characterization characterize_adder(const CharacterizeOptions& o) {
    const AdderSpec s = parse_adder(o.unit, load_model);
    AdditionMeasurement m = measure_addition(s, o.sampling, !o.svg.empty());
    Characterization c{to_string(s), Operation::add, s.format.precision(), o.sampling, {}};
    c.parts.push_back({"operation", "ulp of the larger", std::move(m.all), std::move(m.rows)});
    return c;
}

Characterization characterize_multiplier(const CharacterizeOptions& o) {
    const MultiplierSpec s = parse_multiplier(o.unit, load_model);
    Characterization c{to_string(s), Operation::mul, s.format.precision(), o.sampling, {}};
    const bool whole_operation = s.unit == MultiplierId::model && s.model_use.kind == ModelKind::operation;
    if (!whole_operation) {
        c.parts.push_back({"significands", "1 of the product", measure_significands(s, o.sampling, !o.svg.empty())});
    }
    c.parts.push_back({"operation", fmt::format("2^-{}", s.format.fraction_bits),
                       measure_multiplication(s, o.sampling, whole_operation && !o.svg.empty())});
    return c;
}

Characterization characterize(const CharacterizeOptions& o) {
    const Operation op = chosen_operation(o.unit, o.op);
    if (o.integer) {
        return characterize_integers(o, op);
    }
    if (o.bits != 0) {
        throw InputError("--bits is the width of a bare circuit: add --int; a format has its own width");
    }
    if (o.unit.find('@') == std::string::npos) {
        throw InputError(
            fmt::format("'{0}' names no format: write {0}@bf16, or add --int for the bare circuit", o.unit));
    }
    return op == Operation::add ? characterize_adder(o) : characterize_multiplier(o);
}

void write_text(const std::string& path, const std::string& text, bool force) {
    write_file_atomically(path, reinterpret_cast<const unsigned char*>(text.data()), text.size(), force);
}

void characterize_command(const CharacterizeOptions& o) {
    const Characterization c = characterize(o);
    if (!o.svg.empty()) {
        write_text(o.svg, characterization_svg(c), o.force);
    }
    if (!o.csv.empty()) {
        write_text(o.csv, characterization_csv(c), o.force);
    }
    fmt::print("{}", o.json ? characterization_json(c) : characterization_text(c));
}

}  // namespace

void add_characterize(CLI::App& arith) {
    auto o = std::make_shared<CharacterizeOptions>();
    CLI::App* sub = arith.add_subcommand("characterize", "How wrong a unit is: a table, JSON, a heat map");
    sub->add_option("UNIT", o->unit, "Arithmetic, for example 'drum(k=4)@bf16'; with --int 'drum(k=4)' will do")
        ->required();
    sub->add_option("--op", o->op, "add or mul; default: what the name says")->check(CLI::IsMember({"add", "mul"}));
    sub->add_flag("--int", o->integer, "The bare integer circuit instead of the floating-point operation");
    sub->add_option("--bits", o->bits, "With --int: width of the operands; default 8, or that of a model of your own")
        ->check(CLI::Range(1u, kWidestAdder));
    sub->add_option("--samples", o->sampling.pairs, "Pairs to draw where there are too many to take all")
        ->check(CLI::Range(u64{1}, kMostSamples))
        ->capture_default_str();
    sub->add_option("--seed", o->sampling.seed, "Seed of that sample")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    sub->add_flag("--json", o->json, "Print one JSON object");
    sub->add_option("--svg", o->svg, "Write a heat map of the mean error over the operands");
    sub->add_option("--csv", o->csv, "Write the figures, of an adder those of each exponent difference too");
    sub->add_flag("--force", o->force, "Replace files that exist");
    sub->footer("Example: axfire arith characterize 'loa(k=4)' --int --bits 8");
    sub->callback([o] { characterize_command(*o); });
}

}  // namespace axfire::cli
