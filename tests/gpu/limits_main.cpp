// SPDX-License-Identifier: Apache-2.0
// gpu_limits MODEL DATA SAMPLES STEPS MUL ADD RESET: a batch of samples on the first usable device; each kernel's time,
// and each layer's, beside the least that the card's memory and integer units need for it. One JSON object. STEPS 0:
// the data set's own.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "arith/error.h"
#include "engine/cli/run_options.h"
#include "tests/gpu/limits.h"

namespace {

using namespace axfire;
using Json = nlohmann::ordered_json;

/// What a kernel does.
struct Work {
    double additions = 0, products = 0, updates = 0, comparisons = 0;
    double instructions = 0;
    double bytes = 0;
};

/// Which of a layer's kernels do its additions, or its products.
bool begins_with(const std::string& functor, std::initializer_list<const char*> any) {
    return std::any_of(any.begin(), any.end(), [&](const char* one) { return functor.starts_with(one); });
}
bool adds(const std::string& functor) {
    return begins_with(functor, {"Linear", "Convolve", "Pool", "SumSignals", "LrnPower"});
}
bool multiplies(const std::string& functor) {
    return begins_with(functor, {"Linear", "Convolve", "Pool", "MultiplySignals"});
}

class Limits {
public:
    Limits(const cuda::DeviceInfo& device, const Conventions& how) : device_(device), how_(how) {}

    double of(const AdderSpec& spec) {
        return once(initialiser(spec), [&] { return test::instructions_of(spec, device_.capability); });
    }
    double of(const MultiplierSpec& spec) {
        const bool table = spec.tabulated || spec.unit == MultiplierId::model;
        return table ? 1 : once(initialiser(spec), [&] { return test::instructions_of(spec, device_.capability); });
    }
    double of_update(const std::string& model, const AdderSpec& add, const MultiplierSpec& mul) {
        return once(model + initialiser(add) + initialiser(mul),
                    [&] { return test::instructions_of_update(model, how_, add, mul, device_.capability); });
    }

    Work work(const KernelTime& time, const LayerTime& layer, std::size_t samples) {
        const DeviceProgram::Kernel& kernel = time.kernel;
        const auto share = [&](bool (*takes)(const std::string&), std::uint64_t operations) {
            const auto takers = std::count_if(layer.kernels.begin(), layer.kernels.end(),
                                              [&](const KernelTime& other) { return takes(other.kernel.functor); });
            return takes(kernel.functor) ? static_cast<double>(operations) / static_cast<double>(takers) : 0;
        };
        Work work;
        work.additions = share(adds, layer.counts.synaptic_operations);
        work.products = share(multiplies, layer.counts.multiplications);
        work.instructions = (work.additions != 0 ? work.additions * of(kernel.add) : 0) +
                            (work.products != 0 ? work.products * of(kernel.mul) : 0);
        const double times = static_cast<double>(samples) * time.launches;
        static const std::string kPopulation = "Population<";
        if (kernel.functor.starts_with(kPopulation)) {
            work.updates = static_cast<double>(kernel.elements) * times;
            const std::string model =
                kernel.functor.substr(kPopulation.size(), kernel.functor.find("_model") - kPopulation.size());
            work.instructions += work.updates * of_update(model, kernel.add, kernel.mul);
        }
        work.comparisons = static_cast<double>(kernel.comparisons) * times;
        work.instructions += work.comparisons;  // one each, at least
        work.bytes = static_cast<double>(time.constants + time.signals);
        return work;
    }

    /// nullptr where the driver does not say how fast the card is.
    Json milliseconds(double amount, double rate) const {
        return rate > 0 && std::isfinite(rate) ? Json(1e3 * amount / rate) : Json();
    }
    Json describe(const Work& work) const {
        return {{"additions", work.additions},
                {"products", work.products},
                {"updates", work.updates},
                {"comparisons", work.comparisons},
                {"instructions", work.instructions},
                {"bytes", work.bytes},
                {"integer_limit_ms", milliseconds(work.instructions, test::integer_rate(device_))},
                {"memory_limit_ms", milliseconds(work.bytes, device_.memory_speed)}};
    }

private:
    template <class Measure>
    double once(const std::string& key, const Measure& measure) {
        const auto known = known_.find(key);
        return known != known_.end() ? known->second : known_[key] = measure();
    }

    cuda::DeviceInfo device_;
    Conventions how_;
    std::map<std::string, double> known_;
};

Json describe(const KernelTime& time) {
    std::string name = time.kernel.functor;
    const std::size_t units = std::min(name.find(", Add, Mul"), name.find("Add, Mul"));
    name = units == std::string::npos ? name : name.substr(0, units) + name.substr(name.find('>', units));
    if (name.ends_with("<>")) {
        name.resize(name.size() - 2);
    }
    return {{"kernel", name}, {"launches", time.launches}, {"milliseconds", time.milliseconds}};
}

Json measure(const cli::RunFlags& flags) {
    const cli::PreparedRun run = cli::prepare(flags);
    DeviceSimulation& simulation = *run.on_devices->members().front();
    const cuda::DeviceInfo& device = simulation.device();
    EncoderOptions encoder = run.options.encoder;
    encoder.draws_later = simulation.draws();
    std::vector<EncodedSample> samples;
    for (std::size_t i = 0; i < simulation.batch() && i < run.options.samples; ++i) {
        samples.push_back(encode(run.data->load(i), run.simulation->input_size(), i, encoder));
    }
    simulation.time_kernels(samples);  // to warm up
    const StepTimes times = simulation.time_kernels(samples);
    Limits limits(device, run.network.conventions);
    Json json;
    json["device"] = device.name;
    json["capability"] = device.capability;
    json["multiprocessors"] = device.multiprocessors;
    json["clock_hz"] = device.clock;
    json["integer_lanes"] = test::integer_lanes(device.capability);
    json["integer_rate"] = test::integer_rate(device);
    json["memory_rate"] = device.memory_speed;
    json["samples"] = samples.size();
    json["steps"] = run.options.encoder.steps;
    for (std::size_t l = 0; l < times.layers.size(); ++l) {
        const LayerTime& time = times.layers[l];
        const Layer& layer = run.simulation->layers()[l];
        Json entry = {{"name", layer.name}, {"type", layer.type}, {"milliseconds", time.milliseconds}};
        Work sum;
        Json kernels = Json::array();
        for (const KernelTime& kernel : time.kernels) {
            const Work work = limits.work(kernel, time, samples.size());
            kernels.push_back(describe(kernel));
            kernels.back().update(limits.describe(work));
            sum.additions += work.additions;
            sum.products += work.products;
            sum.updates += work.updates;
            sum.comparisons += work.comparisons;
            sum.instructions += work.instructions;
        }
        // What goes between the kernels of a layer need not go through memory.
        sum.bytes = static_cast<double>(time.signals) + static_cast<double>(time.constants) * time.steps;
        entry.update(limits.describe(sum));
        const Arithmetic& arithmetic = run.simulation->arithmetic(layer.node);
        entry["instructions_of_addition"] = limits.of(arithmetic.synapse_add);
        entry["instructions_of_product"] = limits.of(arithmetic.synapse_mul);
        entry["kernels"] = kernels;
        json["layers"].push_back(entry);
    }
    json["between"] = Json::array();
    for (const KernelTime& kernel : times.between) {
        json["between"].push_back(describe(kernel));
    }
    return json;
}

}  // namespace

int main(int count, char** words) {
    if (count != 8) {
        std::fprintf(stderr, "usage: gpu_limits MODEL DATA SAMPLES STEPS MUL ADD RESET\n");
        return 2;
    }
    try {
        cli::RunFlags flags;
        flags.model = words[1];
        flags.data = words[2];
        flags.samples = std::strtoul(words[3], nullptr, 10);
        flags.steps = static_cast<std::uint32_t>(std::strtoul(words[4], nullptr, 10));
        flags.units = {words[5], words[6], "", ""};
        flags.conventions.reset = find_choice<Reset>(words[7]);
        flags.device = "cuda";
        flags.quiet = true;
        std::printf("%s\n", measure(flags).dump().c_str());
        return 0;
    } catch (const InputError& error) {
        std::fprintf(stderr, "gpu_limits: %s\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "gpu_limits: %s\n", error.what());
        return 1;
    }
}
