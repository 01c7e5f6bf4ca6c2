// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/error.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/cli/commands.h"
#include "engine/cli/numbers.h"
#include "engine/cli/parameter_range.h"
#include "engine/formats/atomic_file.h"
#include "engine/models/load_model.h"

namespace axfire::cli {

namespace {

struct EvalOptions {
    std::string unit;
    std::string op;
    std::vector<std::string> operands;
    std::string pairs;
    std::string output;
    bool force = false;
};

/// The two operands, first converted to the unit's format, and their sum or product.
void evaluate(const EvalOptions& o, std::vector<u32>& a, std::vector<u32>& b, std::vector<u32>& out) {
    const CpuKernels& kernels = cpu_kernels();
    out.resize(a.size());
    if (o.op == "add") {
        const AdderSpec s = parse_adder(o.unit, load_model);
        kernels.convert(s.format, s.rounding, a.data(), a.data(), a.size());
        kernels.convert(s.format, s.rounding, b.data(), b.data(), b.size());
        kernels.general.add(s, a.data(), b.data(), out.data(), a.size());
    } else {
        const MultiplierSpec s = parse_multiplier(o.unit, load_model);
        kernels.convert(s.format, s.rounding, a.data(), a.data(), a.size());
        kernels.convert(s.format, s.rounding, b.data(), b.data(), b.size());
        kernels.general.mul(s, a.data(), b.data(), out.data(), a.size());
    }
}

/// Little-endian binary32 pairs in, one result for each out.
void evaluate_file(const EvalOptions& o) {
    if (o.output.empty()) {
        throw InputError("arith eval --pairs needs -o FILE for the results");
    }
    std::ifstream in(o.pairs, std::ios::binary);
    if (!in) {
        throw InputError(fmt::format("'{}' cannot be read", o.pairs));
    }
    const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (bytes.size() % 8 != 0) {
        throw InputError(
            fmt::format("'{}' has {} bytes; pairs of float32 take a multiple of 8", o.pairs, bytes.size()));
    }
    std::vector<u32> a(bytes.size() / 8), b(a.size()), out;
    for (std::size_t i = 0; i < a.size(); ++i) {
        memcpy(&a[i], bytes.data() + 8 * i, 4);
        memcpy(&b[i], bytes.data() + 8 * i + 4, 4);
    }
    evaluate(o, a, b, out);
    write_file_atomically(o.output, reinterpret_cast<const unsigned char*>(out.data()), out.size() * 4, o.force);
}

void eval_command(const EvalOptions& o) {
    if (!o.pairs.empty()) {
        if (!o.operands.empty()) {
            throw InputError("arith eval takes either two numbers or --pairs FILE");
        }
        evaluate_file(o);
        return;
    }
    if (o.operands.size() != 2) {
        throw InputError("arith eval takes two numbers, or --pairs FILE");
    }
    std::vector<u32> a{parse_float(o.operands[0])}, b{parse_float(o.operands[1])}, out;
    evaluate(o, a, b, out);
    fmt::print("{} 0x{:08x}\n", float_text(out[0]), out[0]);
}

void describe(const UnitInfo& u, bool adder) {
    fmt::print("{} ({})\n  {}\n  source: {}\n", u.name, adder ? "adder" : "multiplier", u.summary, u.source);
    for (unsigned i = 0; i < u.parameter_count; ++i) {
        fmt::print("  {}: {}\n", parameter_range(u.parameters[i], adder), u.parameters[i].summary);
    }
    if (adder) {
        fmt::print(
            "  options: guard=0..3, round=rne|rna|rz|ru|rd|odd|sr, subtract=circuit|exact, zero_bypass=off|on, "
            "order=sequential|tree|blocked:n, subnormals=gradual|flush, overflow=infinity|saturate\n");
    } else {
        fmt::print("  options: round=rne|rna|rz|ru|rd|odd|sr, subnormals=gradual|flush, overflow=infinity|saturate\n");
    }
}

void describe_command(const std::string& name) {
    const std::string unit = name.substr(0, name.find_first_of("(@"));
    const auto adder = find_adder(unit);
    const auto multiplier = find_multiplier(unit);
    if (!adder && !multiplier) {
        throw InputError(fmt::format("unit '{}' is unknown; axfire arith list shows all", unit));
    }
    if (adder) {
        describe(info(*adder), true);
    }
    if (multiplier) {
        describe(info(*multiplier), false);
    }
}

}  // namespace

void add_arith(CLI::App& app) {
    CLI::App* sub = app.add_subcommand("arith", "The arithmetic units: list, describe, evaluate, characterize");
    sub->require_subcommand(1);
    add_list(*sub);
    add_characterize(*sub);
    add_circuit(*sub);
    add_tabulate(*sub);

    auto name = std::make_shared<std::string>();
    CLI::App* describe = sub->add_subcommand("describe", "One unit: what it does, its parameters, its source");
    describe->add_option("UNIT", *name, "A unit's name")->required();
    describe->callback([name] { describe_command(*name); });

    auto o = std::make_shared<EvalOptions>();
    CLI::App* eval = sub->add_subcommand("eval", "One operation, or one for each pair of a file");
    eval->add_option("UNIT", o->unit, "Arithmetic, for example 'loa(k=8)@fp32'")->required();
    eval->add_option("--op", o->op, "add or mul")->required()->check(CLI::IsMember({"add", "mul"}));
    eval->add_option(
        "OPERANDS", o->operands,
        "Two numbers: 1.5, 0x1.8p0, inf, nan or bits:3fc00000; the first is the accumulator, or operand A");
    eval->add_option("--pairs", o->pairs, "File of little-endian float32 pairs");
    eval->add_option("-o,--output", o->output, "File for the float32 results of --pairs");
    eval->add_flag("--force", o->force, "Replace the output file if it exists");
    eval->footer("Example: axfire arith eval 'loa(k=16)@fp32' --op add 1.5 0.1");
    eval->callback([o] { eval_command(*o); });
}

}  // namespace axfire::cli
