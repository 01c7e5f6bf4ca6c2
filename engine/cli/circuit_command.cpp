// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/characterize/circuit.h"
#include "engine/cli/commands.h"
#include "engine/models/load_model.h"

namespace axfire::cli {

namespace {

struct CircuitOptions {
    std::string unit;
    std::string op;
    u32 bits = 0;
    std::vector<std::string> operands;
};

/// A whole number of `bits` bits, decimal or hexadecimal after 0x.
u32 operand(const std::string& text, u32 bits) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const char* const begin = text.data() + (hexadecimal ? 2 : 0);
    u32 value = 0;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size() || value >> bits != 0) {
        const u32 most = (1u << bits) - 1;
        throw InputError(fmt::format("operand '{}' is no whole number from 0 to {} (0x{:x}); --bits sets the width",
                                     text, most, most));
    }
    return value;
}

void circuit_command(const CircuitOptions& o) {
    const Circuit circuit = parse_circuit(o.unit, chosen_operation(o.unit, o.op), o.bits, load_model);
    if (o.operands.size() % 2 != 0) {
        throw InputError(fmt::format("arith circuit takes pairs of operands, and these are {}", o.operands.size()));
    }
    std::string text;
    for (std::size_t i = 0; i < o.operands.size(); i += 2) {
        const u64 result = circuit(operand(o.operands[i], circuit.bits), operand(o.operands[i + 1], circuit.bits));
        text += fmt::format("{} 0x{:x}\n", result, result);
    }
    fmt::print("{}", text);
}

}  // namespace

void add_circuit(CLI::App& arith) {
    auto o = std::make_shared<CircuitOptions>();
    CLI::App* sub = arith.add_subcommand("circuit", "What a unit's bare circuit gives for unsigned integers");
    sub->add_option("UNIT", o->unit, "Unit, for example 'loa(k=4)'; a @format means nothing here")->required();
    sub->add_option("OPERANDS", o->operands, "A B [A B ...], decimal or hexadecimal after 0x")->required();
    sub->add_option("--op", o->op, "add or mul; default: what the name says")->check(CLI::IsMember({"add", "mul"}));
    sub->add_option("--bits", o->bits, "Width of the operands; default 8, or that of a model of your own")
        ->check(CLI::Range(1u, kWidestAdder));
    sub->footer("Example: axfire arith circuit 'loa(k=4)' 0x5A 0x3C 0xB7 0x6D");
    sub->callback([o] { circuit_command(*o); });
}

}  // namespace axfire::cli
