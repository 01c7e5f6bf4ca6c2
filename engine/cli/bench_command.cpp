// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/backend/cpu/kernels.h"
#include "engine/bench/bench.h"
#include "engine/bench/scalar_library.h"
#include "engine/cli/arithmetic_config.h"
#include "engine/cli/commands.h"
#include "engine/version.h"

namespace axfire::cli {

namespace {

struct BenchFlags {
    std::string mul, add;
    TablePolicy table = TablePolicy::automatic;
    bool every_unit = false;
    bool growth = false;
    std::vector<std::string> kernels;
    double seconds = 0.2;
    std::uint64_t seed = 1;
    bool json = false;
};

nlohmann::ordered_json timing_json(const bench::Timing& t) {
    return {{"median_ns", t.median}, {"least_ns", t.least}, {"most_ns", t.most}, {"repetitions", t.repetitions}};
}

nlohmann::ordered_json to_json(const bench::Measurement& m) {
    nlohmann::ordered_json json = {{"kernel", m.kernel},         {"shape", m.shape},
                                   {"arithmetic", m.arithmetic}, {"unit", m.unit},
                                   {"operations", m.operations}, {"against_native", m.against_native}};
    json.update(timing_json(m.ns));
    if (m.scalar) {
        json["scalar_model"] = timing_json(*m.scalar);
        json["against_scalar_model"] = m.scalar->median / m.ns.median;
    }
    return json;
}

nlohmann::ordered_json to_json(const bench::GrowthMeasurement& m) {
    nlohmann::ordered_json json = {{"quantity", m.quantity},    {"value", m.value},           {"kernel", m.kernel},
                                   {"shape", m.shape},          {"arithmetic", m.arithmetic}, {"unit", m.unit},
                                   {"operations", m.operations}};
    json.update(timing_json(m.ns));
    return json;
}

std::vector<bench::Contender> contenders(const BenchFlags& flags) {
    Arithmetic arithmetic;
    if (flags.mul.empty() && flags.add.empty()) {
        if (!flags.growth) {
            return bench::default_contenders(flags.every_unit);
        }
        set_units({"", "loa(k=12)@fp32", "", ""}, flags.table, arithmetic);
    }
    set_units({flags.mul, flags.add, "", ""}, flags.table, arithmetic);
    return {bench::contender(arithmetic.synapse_mul, arithmetic.synapse_add)};
}

void print_row(const bench::Measurement& m) {
    fmt::print("{:<15} {:<48} {:>10.4f} {:>8.4f}-{:<8.4f} {:>10.2f} {:>10} {:>8}\n", m.kernel, m.arithmetic,
               m.ns.median, m.ns.least, m.ns.most, m.against_native,
               m.scalar ? fmt::format("{:.2f}", m.scalar->median) : "",
               m.scalar ? fmt::format("{:.1f}", m.scalar->median / m.ns.median) : "");
    std::fflush(stdout);
}

nlohmann::ordered_json bench_cases(const BenchFlags& flags, const bench::BenchOptions& options) {
    const bench::ScalarLibrary& scalar = bench::scalar_library(options.notice);
    if (!flags.json) {
        fmt::print("scalar models compiled {}\n\n", scalar.compiled);
        fmt::print("{:<15} {:<48} {:>10} {:>17} {:>10} {:>10} {:>8}\n", "kernel", "arithmetic", "ns", "spread",
                   "x exact", "scalar ns", "faster");
    }
    nlohmann::ordered_json json = {{"scalar_models_compiled", scalar.compiled}};
    bench::run_cases(options, [&](const bench::Measurement& m) {
        if (!flags.json) {
            print_row(m);
        }
        json["measurements"].push_back(to_json(m));
    });
    return json;
}

nlohmann::ordered_json bench_growth(const BenchFlags& flags, const bench::BenchOptions& options) {
    if (!flags.json) {
        fmt::print("\n{:<17} {:>10} {:<15} {:<32} {:>12} {:>12} {:>23}\n", "quantity", "value", "kernel", "arithmetic",
                   "operations", "ms", "spread");
    }
    nlohmann::ordered_json json;
    bench::run_growths(options, [&](const bench::GrowthMeasurement& m) {
        if (!flags.json) {
            fmt::print("{:<17} {:>10} {:<15} {:<32} {:>12} {:>12.4f} {:>11.4f}-{:<11.4f}\n", m.quantity, m.value,
                       m.kernel, m.arithmetic, m.operations, m.ns.median / 1e6, m.ns.least / 1e6, m.ns.most / 1e6);
            std::fflush(stdout);
        }
        json["growth"].push_back(to_json(m));
    });
    return json;
}

void bench_command(const BenchFlags& flags) {
    bench::BenchOptions options;
    options.seed = flags.seed;
    options.seconds = flags.seconds;
    options.kernels = flags.kernels;
    options.notice = [](const std::string& text) { fmt::print(stderr, "axfire: {}\n", text); };
    options.contenders = contenders(flags);
    if (!flags.json) {
        fmt::print("{} kernels, one thread; medians of at least {} s each\n", cpu_kernels().isa, flags.seconds);
    }
    nlohmann::ordered_json json = {{"axfire", kVersion}, {"isa", cpu_kernels().isa}, {"threads", 1}};
    json.update(flags.growth ? bench_growth(flags, options) : bench_cases(flags, options));
    if (flags.json) {
        fmt::print("{}\n", json.dump(2));
    }
}

}  // namespace

void add_bench(CLI::App& app) {
    auto flags = std::make_shared<BenchFlags>();
    CLI::App* sub =
        app.add_subcommand("bench", "How long a multiply-accumulate, a synaptic event, a neuron update takes");
    sub->add_option("--mul", flags->mul, "Time this multiplier instead of the usual arithmetics");
    sub->add_option("--add", flags->add, "Time this adder instead of them");
    sub->add_option_function<std::string>(
           "--table",
           [flags](const std::string& text) {
               flags->table = text == "on"    ? TablePolicy::on
                              : text == "off" ? TablePolicy::off
                                              : TablePolicy::automatic;
           },
           "The multiplier as a look-up table: auto (default), on or off, as in axfire run")
        ->check(CLI::IsMember({"auto", "on", "off"}));
    sub->add_flag("--all-units", flags->every_unit, "Every adder and multiplier of the catalogue too");
    sub->add_flag("--growth", flags->growth,
                  "Instead: the time of one sample over steps, neurons, synapses and active inputs");
    sub->add_option("--kernel", flags->kernels, "Only these kernels; may be given several times")
        ->check(CLI::IsMember(bench::case_names()));
    sub->add_option("--seconds", flags->seconds, "Time of each measurement")
        ->check(CLI::Range(0.0, 60.0))
        ->capture_default_str();
    sub->add_option("--seed", flags->seed, "Seed of weights and inputs")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    sub->add_flag("--json", flags->json, "Print one JSON object");
    sub->footer(
        "One thread. Before it is timed, each result is compared with the general kernels', and with that of a scalar\n"
        "model, one C++ call for each operation, which is timed too.\n"
        "Example: axfire bench --add 'loa(k=8)@fp32' --kernel conv2d");
    sub->callback([flags] { bench_command(*flags); });
}

}  // namespace axfire::cli
