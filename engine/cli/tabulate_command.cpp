// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/characterize/circuit.h"
#include "engine/cli/commands.h"
#include "engine/models/load_model.h"
#include "engine/models/tabulate.h"

namespace axfire::cli {

namespace {

struct TabulateOptions {
    std::string unit;
    std::string output;
    bool integer = false;
    u32 bits = 0;
    bool force = false;
};

/// The products of all pairs of n-bit integers.
ProductTable tabulate_circuit(const TabulateOptions& o) {
    const Circuit circuit = parse_circuit(o.unit, Operation::mul, o.bits, load_model);
    if (circuit.bits > 12) {
        throw InputError(fmt::format("a circuit of {} bits has too many pairs: tables are of 1 to 12 bits; set --bits",
                                     circuit.bits));
    }
    ProductTable table;
    table.bits = circuit.bits;
    table.unit = to_string(circuit);
    const u32 side = 1u << circuit.bits;
    for (u32 a = 0; a < side; ++a) {
        for (u32 b = 0; b < side; ++b) {
            const u64 product = circuit(a, b);
            if (product >> (2 * circuit.bits) != 0) {
                throw InputError(fmt::format("{} gives {} for ({}, {}), more than the {} bits of a table's entries",
                                             table.unit, product, a, b, 2 * circuit.bits));
            }
            table.entries.push_back(static_cast<u32>(product));
        }
    }
    return table;
}

void tabulate_command(const TabulateOptions& o) {
    const ProductTable table =
        o.integer || o.bits != 0 ? tabulate_circuit(o) : tabulate(parse_multiplier(o.unit, load_model));
    write_table(o.output, table, o.force);
    fmt::print("{}: {} products of {}-bit {}\n", o.output, table.entries.size(), table.bits,
               table.by_fraction ? "fractions" : "integers");
}

}  // namespace

void add_tabulate(CLI::App& arith) {
    auto o = std::make_shared<TabulateOptions>();
    CLI::App* sub = arith.add_subcommand("tabulate", "A multiplier's products as a table, for table(file=...)");
    sub->add_option("UNIT", o->unit, "Multiplier: with a @format of at most 8 fraction bits, all pairs of fractions")
        ->required();
    sub->add_flag("--int", o->integer, "The bare circuit instead: all pairs of integers of --bits bits, no @format");
    sub->add_option("--bits", o->bits, "Width with --int: 1 to 12; default 8, or that of a model of your own")
        ->check(CLI::Range(1u, 12u));
    sub->add_option("-o,--output", o->output, "File to write: .h5, .hdf5 or .npy")->required();
    sub->add_flag("--force", o->force, "Replace the file if it exists");
    sub->footer(
        "Examples:\n"
        "  axfire arith tabulate 'drum(k=4)@bf16' -o drum4.h5\n"
        "  axfire arith tabulate --int mul8u_1JFF.c:mul8u_1JFF -o mul8u_1JFF.npy");
    sub->callback([o] { tabulate_command(*o); });
}

}  // namespace axfire::cli
