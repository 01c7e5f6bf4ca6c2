// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/bench.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>

#include "arith/catalogue.h"
#include "arith/spec_text.h"
#include "engine/bench/scalar_model.h"
#include "engine/characterize/example.h"

namespace axfire::bench {

namespace {

constexpr std::size_t kLeastRepetitions = 5;

/// Runs `work` until the time is up, after one run to warm up.
template <class Work>
Timing time(const Work& work, double seconds, std::uint64_t operations) {
    work();
    std::vector<double> ns;
    double total = 0;
    while (ns.size() < kLeastRepetitions || total < seconds) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        total += elapsed;
        ns.push_back(elapsed * 1e9 / static_cast<double>(operations));
    }
    std::sort(ns.begin(), ns.end());
    return {ns[ns.size() / 2], ns.front(), ns.back(), ns.size()};
}

SimulationOptions simulation_options(const Case& c, const Contender& contender, const BenchOptions& options, Jit jit) {
    SimulationOptions o;
    o.arithmetic = {contender.mul, contender.add, contender.mul, contender.add};
    o.jit = jit;
    o.notice = options.notice;
    o.input_events = c.events;
    return o;
}

Measurement measure(const std::string& name, const Case& c, const Contender& contender, const BenchOptions& options) {
    const Simulation simulation(c.network, simulation_options(c, contender, options, Jit::automatic));
    const Simulation general(c.network, simulation_options(c, contender, options, Jit::off));
    Simulation::Workspace workspace(simulation);
    Simulation::Workspace other(general);
    const SampleResult result = simulation.run(c.sample, {}, workspace);
    if (result.hash_words != general.run(c.sample, {}, other).hash_words) {
        throw std::runtime_error(fmt::format("{} under {}: not the bits of the general kernels", name, contender.name));
    }
    Counts counts;
    for (const Counts& layer : result.counts) {
        counts += layer;
    }
    const std::uint64_t operations = c.unit == "update" ? counts.neuron_updates : counts.synaptic_operations;
    const auto work = [&] { simulation.run(c.sample, {}, workspace); };
    return {name, c.shape, c.unit, contender.name, operations, time(work, options.seconds, operations), 0};
}

std::string with_format(const std::string& circuit) {
    return circuit + "@fp32";
}

}  // namespace

std::vector<Contender> default_contenders(bool every_unit) {
    const auto contender = [](const std::string& mul, const std::string& add) {
        return Contender{mul + " + " + add, parse_multiplier(mul), parse_adder(add)};
    };
    const std::string loa = "loa(k=12)@fp32";
    std::vector<Contender> all = {contender("exact@bf16", "exact@fp32"), contender("exact@bf16", "exact@bf16"),
                                  contender("exact@fp16", "exact@fp16"), contender("exact@fp32", loa),
                                  contender("mitchell@fp32", loa)};
    for (std::size_t i = 0; every_unit && i < all_adders().size(); ++i) {
        const AdderId id = static_cast<AdderId>(i);
        if (id != AdderId::exact && id != AdderId::loa) {
            all.push_back(contender("exact@fp32", with_format(to_string(example_circuit(id)))));
        }
    }
    for (std::size_t i = 0; every_unit && i < all_multipliers().size(); ++i) {
        const MultiplierId id = static_cast<MultiplierId>(i);
        if (id != MultiplierId::exact && id != MultiplierId::mitchell) {
            all.push_back(contender(with_format(to_string(example_circuit(id))), loa));
        }
    }
    return all;
}

std::vector<Measurement> run_cases(const BenchOptions& options, const std::function<void(const Measurement&)>& each) {
    std::vector<Measurement> all;
    for (const std::string& name : options.kernels.empty() ? case_names() : options.kernels) {
        const Case c = make_case(name, options.seed);
        Measurement native = measure(name, c, {"exact@fp32", {}, {}}, options);
        native.against_native = 1;
        all.push_back(native);
        each(native);
        for (const Contender& contender : options.contenders) {
            all.push_back(measure(name, c, contender, options));
            all.back().against_native = all.back().ns.median / native.ns.median;
            each(all.back());
        }
    }
    return all;
}

Timing time_scalar_model(const BenchOptions& options) {
    constexpr int kBits = 12;
    const Case c = make_case("linear", options.seed);
    const auto& weight = std::get<nodes::Linear>(c.network.nodes[1].kind).weight;
    const std::size_t in = weight.shape[1];
    const std::size_t out = weight.shape[0];
    constexpr std::size_t kOutputs = 64;  // of them: it is slow
    std::vector<float> transposed(in * kOutputs);
    for (std::size_t i = 0; i < in; ++i) {
        for (std::size_t o = 0; o < kOutputs; ++o) {
            transposed[i * kOutputs + o] = weight.data[o * in + i];
        }
    }
    std::vector<float> sums(out);
    const auto work = [&] {
        scalar_loa_linear(c.sample.values.data(), transposed.data(), sums.data(), static_cast<int>(in),
                          static_cast<int>(kOutputs), kBits);
    };
    work();
    const Contender loa{"loa", {}, {AdderId::loa, {{kBits}}}};
    const Simulation simulation(c.network, simulation_options(c, loa, options, Jit::automatic));
    Simulation::Workspace workspace(simulation);
    const SampleResult result = simulation.run(c.sample, {}, workspace);
    if (!std::equal(sums.begin(), sums.begin() + kOutputs, result.readout.begin())) {
        throw std::runtime_error("the scalar model and the engine's loa(k=12)@fp32 have different sums");
    }
    return time(work, options.seconds, in * kOutputs);
}

}  // namespace axfire::bench
