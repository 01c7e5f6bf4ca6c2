// SPDX-License-Identifier: Apache-2.0
#include "engine/bench/bench.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/bench/scalar_library.h"
#include "engine/bench/scalar_model.h"

namespace axfire::bench {

namespace {

SimulationOptions simulation_options(const Case& c, const Contender& contender, const BenchOptions& options, Jit jit) {
    SimulationOptions o;
    o.arithmetic = {contender.mul, contender.add, contender.mul, contender.add};
    o.jit = jit;
    o.notice = options.notice;
    o.input_events = c.events;
    return o;
}

/// What one sample costs.
struct SampleTiming {
    std::uint64_t operations;
    Timing ns;
};

SampleTiming time_sample(const std::string& name, const Case& c, const Contender& contender,
                         const BenchOptions& options) {
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
    return {c.unit == "update" ? counts.neuron_updates : counts.synaptic_operations,
            time_work([&] { simulation.run(c.sample, {}, workspace); }, options.seconds)};
}

/// The case that stands for a kernel's operations in the scalar models: a multiply-accumulate is one in any layer.
std::string scalar_case_of(const std::string& name, const Case& c) {
    return c.unit == "MAC" ? "linear" : c.unit == "event" ? "linear-spikes" : name;
}

/// The contenders behind exact@fp32.
std::vector<Contender> with_native(const std::vector<Contender>& contenders) {
    std::vector<Contender> all{{"exact@fp32", {}, {}}};
    all.insert(all.end(), contenders.begin(), contenders.end());
    return all;
}

/// Kernels of every contender, compiled side by side and before anything is timed.
void compile_ahead(const std::vector<Contender>& contenders, const std::vector<std::string>& kernels,
                   const BenchOptions& options) {
    std::set<Part> parts;
    for (const std::string& name : kernels) {
        parts.insert(make_case(name, options.seed).unit == "update" ? Part::neurons : Part::projections);
    }
    std::vector<InstanceRequest> requests;
    for (const Contender& contender : contenders) {
        for (const Part part : parts) {
            requests.push_back({contender.add, contender.mul, part});
        }
    }
    find_instances(requests, Jit::automatic, options.notice);
}

}  // namespace

std::optional<Timing> time_scalar_model(const std::string& name, const Contender& contender,
                                        const BenchOptions& options) {
    const scalar::Library& models = *scalar_library(options.notice).models;
    const std::optional<scalar::Arithmetic> arithmetic = scalar_arithmetic(models, contender.mul, contender.add);
    if (!arithmetic) {
        return std::nullopt;
    }
    const Case c = make_case(name, options.seed);
    const Simulation simulation(c.network, simulation_options(c, contender, options, Jit::automatic));
    Simulation::Workspace workspace(simulation);
    const bool neurons = c.unit == "update";
    const SampleResult result = simulation.run(
        c.sample, neurons ? std::vector<TraceRequest>{{1, false, true}} : std::vector<TraceRequest>{}, workspace);
    const std::unique_ptr<ScalarCase> scalar = scalar_case(models, *arithmetic, c);
    const std::vector<float>& got = scalar->run();
    const std::size_t outputs = neurons ? got.size() / 2 : got.size();
    std::vector<float> want(result.readout.begin(), result.readout.begin() + static_cast<std::ptrdiff_t>(outputs));
    if (neurons) {
        const float* const last = result.traces[0].membrane.data() + (c.sample.steps - 1) * result.readout.size();
        want.insert(want.end(), last, last + outputs);
    }
    if (std::memcmp(got.data(), want.data(), want.size() * sizeof(float)) != 0) {
        throw std::runtime_error(
            fmt::format("{} under {}: the scalar model and the engine have different results", name, contender.name));
    }
    return per_operation(time_work([&] { scalar->run(); }, options.seconds), scalar->operations());
}

std::vector<Measurement> run_cases(const BenchOptions& options, const std::function<void(const Measurement&)>& each) {
    const std::vector<Contender> contenders = with_native(options.contenders);
    std::map<std::pair<std::string, std::string>, std::optional<Timing>> scalar;  // by case and contender
    const std::vector<std::string> kernels = options.kernels.empty() ? case_names() : options.kernels;
    compile_ahead(contenders, kernels, options);
    std::vector<Measurement> all;
    for (const std::string& name : kernels) {
        const Case c = make_case(name, options.seed);
        double native = 0;
        for (const Contender& contender : contenders) {
            const std::string modelled = scalar_case_of(name, c);
            const auto [place, is_new] = scalar.try_emplace({modelled, contender.name});
            if (is_new) {
                place->second = time_scalar_model(modelled, contender, options);
            }
            const SampleTiming sample = time_sample(name, c, contender, options);
            const Timing ns = per_operation(sample.ns, sample.operations);
            native = &contender == &contenders.front() ? ns.median : native;
            all.push_back(
                {name, c.shape, c.unit, contender.name, sample.operations, ns, ns.median / native, place->second});
            each(all.back());
        }
    }
    return all;
}

std::vector<GrowthMeasurement> run_growths(const BenchOptions& options,
                                           const std::function<void(const GrowthMeasurement&)>& each) {
    const std::vector<Growth> all_growths = growths();
    std::vector<GrowthMeasurement> all;
    for (std::size_t i = 0; i < all_growths.size(); ++i) {
        const Growth& growth = all_growths[i];
        if (!options.kernels.empty() &&
            std::find(options.kernels.begin(), options.kernels.end(), growth.kernel) == options.kernels.end()) {
            continue;
        }
        for (const double value : growth.values) {
            const Case c = make_growth_case(i, value, options.seed);
            for (const Contender& contender : with_native(options.contenders)) {
                const SampleTiming sample = time_sample(growth.kernel, c, contender, options);
                all.push_back({growth.quantity, growth.kernel, c.shape, contender.name, value, c.unit,
                               sample.operations, sample.ns});
                each(all.back());
            }
        }
    }
    if (all.empty()) {
        throw InputError(
            "no growth is measured of these kernels: there are linear, linear-spikes, conv2d-spikes and lif");
    }
    return all;
}

}  // namespace axfire::bench
