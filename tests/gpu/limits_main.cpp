// SPDX-License-Identifier: Apache-2.0
// gpu_limits MODEL DATA SAMPLES STEPS MUL ADD: a batch of samples on the first usable device; each layer's time beside
// the least that the card's memory and integer units need for it. One JSON object. STEPS 0: the data set's own.
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
    simulation.time_layers(samples);  // to warm up
    const std::vector<DeviceSimulation::LayerTime> times = simulation.time_layers(samples);
    const double rate = test::integer_rate(device);
    std::map<std::string, double> known;
    const auto count = [&](const auto& spec) {
        double& instructions = known[initialiser(spec)];
        return instructions != 0 ? instructions : instructions = test::instructions_of(spec, device.capability);
    };
    Json json;
    json["device"] = device.name;
    json["capability"] = device.capability;
    json["multiprocessors"] = device.multiprocessors;
    json["clock_hz"] = device.clock;
    json["integer_lanes"] = test::integer_lanes(device.capability);
    json["integer_rate"] = rate;
    json["memory_rate"] = device.memory_speed;
    json["samples"] = samples.size();
    json["steps"] = run.options.encoder.steps;
    for (std::size_t l = 0; l < times.size(); ++l) {
        const Layer& layer = run.simulation->layers()[l];
        const Arithmetic& arithmetic = run.simulation->arithmetic(layer.node);
        const bool table = arithmetic.synapse_mul.tabulated || arithmetic.synapse_mul.unit == MultiplierId::model;
        const double add = count(arithmetic.synapse_add);
        const double mul = table ? 1 : count(arithmetic.synapse_mul);
        const DeviceSimulation::LayerTime& t = times[l];
        const double instructions = static_cast<double>(t.counts.synaptic_operations) * add +
                                    static_cast<double>(t.counts.multiplications) * mul;
        const double bytes = static_cast<double>(t.signals) + static_cast<double>(t.constants) * t.steps;
        const double integer_ms = 1e3 * instructions / rate;
        const double memory_ms = 1e3 * bytes / device.memory_speed;
        json["layers"].push_back({{"name", layer.name},
                                  {"type", layer.type},
                                  {"milliseconds", t.milliseconds},
                                  {"additions", t.counts.synaptic_operations},
                                  {"products", t.counts.multiplications},
                                  {"instructions_of_addition", add},
                                  {"instructions_of_product", mul},
                                  {"bytes", bytes},
                                  {"integer_limit_ms", integer_ms},
                                  {"memory_limit_ms", memory_ms}});
    }
    return json;
}

}  // namespace

int main(int count, char** words) {
    if (count != 7) {
        std::fprintf(stderr, "usage: gpu_limits MODEL DATA SAMPLES STEPS MUL ADD\n");
        return 2;
    }
    try {
        cli::RunFlags flags;
        flags.model = words[1];
        flags.data = words[2];
        flags.samples = std::strtoul(words[3], nullptr, 10);
        flags.steps = static_cast<std::uint32_t>(std::strtoul(words[4], nullptr, 10));
        flags.units = {words[5], words[6], "", ""};
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
