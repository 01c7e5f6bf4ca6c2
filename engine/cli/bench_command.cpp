// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arith/spec_text.h"
#include "engine/backend/cpu/kernels.h"
#include "engine/bench/bench.h"
#include "engine/bench/cases.h"
#include "engine/cli/commands.h"
#include "engine/models/load_model.h"
#include "engine/version.h"

namespace axfire::cli {

namespace {

struct BenchFlags {
    std::string mul, add;
    bool every_unit = false;
    std::vector<std::string> kernels;
    double seconds = 0.2;
    std::uint64_t seed = 1;
    bool json = false;
};

nlohmann::ordered_json timing_json(const bench::Timing& t) {
    return {{"median_ns", t.median}, {"least_ns", t.least}, {"most_ns", t.most}, {"repetitions", t.repetitions}};
}

nlohmann::ordered_json to_json(const std::vector<bench::Measurement>& all, const bench::Timing& scalar) {
    nlohmann::ordered_json json;
    json["axfire"] = kVersion;
    json["isa"] = cpu_kernels().isa;
    json["threads"] = 1;
    json["scalar_model"] = timing_json(scalar);
    for (const bench::Measurement& m : all) {
        nlohmann::ordered_json one = {{"kernel", m.kernel},         {"shape", m.shape},
                                      {"arithmetic", m.arithmetic}, {"unit", m.unit},
                                      {"operations", m.operations}, {"against_native", m.against_native}};
        one.update(timing_json(m.ns));
        if (m.unit == "MAC") {
            one["against_scalar_model"] = scalar.median / m.ns.median;
        }
        json["measurements"].push_back(one);
    }
    return json;
}

void bench_command(const BenchFlags& flags) {
    bench::BenchOptions options;
    options.seed = flags.seed;
    options.seconds = flags.seconds;
    options.kernels = flags.kernels;
    options.notice = [](const std::string& text) { fmt::print(stderr, "axfire: {}\n", text); };
    if (flags.mul.empty() && flags.add.empty()) {
        options.contenders = bench::default_contenders(flags.every_unit);
    } else {
        const std::string mul = flags.mul.empty() ? "exact@fp32" : flags.mul;
        const std::string add = flags.add.empty() ? "exact@fp32" : flags.add;
        options.contenders = {{mul + " + " + add, parse_multiplier(mul, load_model), parse_adder(add, load_model)}};
    }
    const bench::Timing scalar = bench::time_scalar_model(options);
    if (!flags.json) {
        fmt::print("{} kernels, one thread; medians of at least {} s each\n", cpu_kernels().isa, flags.seconds);
        fmt::print("scalar behavioural model of loa(k=12)@fp32: {:.2f} ns for each MAC\n\n", scalar.median);
        fmt::print("{:<15} {:<48} {:>10} {:>17} {:>10} {:>12}\n", "kernel", "arithmetic", "ns", "spread", "x exact",
                   "scalar / it");
    }
    const auto all = bench::run_cases(options, [&](const bench::Measurement& m) {
        if (!flags.json) {
            fmt::print("{:<15} {:<48} {:>10.4f} {:>8.4f}-{:<8.4f} {:>10.2f} {:>12}\n", m.kernel, m.arithmetic,
                       m.ns.median, m.ns.least, m.ns.most, m.against_native,
                       m.unit == "MAC" ? fmt::format("{:.1f}", scalar.median / m.ns.median) : "");
            std::fflush(stdout);
        }
    });
    if (flags.json) {
        fmt::print("{}\n", to_json(all, scalar).dump(2));
    }
}

}  // namespace

void add_bench(CLI::App& app) {
    auto flags = std::make_shared<BenchFlags>();
    CLI::App* sub =
        app.add_subcommand("bench", "How long a multiply-accumulate, a synaptic event, a neuron update takes");
    sub->add_option("--mul", flags->mul, "Time this multiplier instead of the usual arithmetics");
    sub->add_option("--add", flags->add, "Time this adder instead of them");
    sub->add_flag("--all-units", flags->every_unit, "Every adder and multiplier of the catalogue too");
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
        "One thread. Each result is compared with the general kernels', and that of loa(k=12)@fp32 with a\n"
        "scalar model's, before it is timed.\nExample: axfire bench --add 'loa(k=8)@fp32' --kernel conv2d");
    sub->callback([flags] { bench_command(*flags); });
}

}  // namespace axfire::cli
