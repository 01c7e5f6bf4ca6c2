// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/run_options.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/cli/open_data.h"
#include "engine/formats/load_network.h"
#include "engine/network/simplify.h"
#include "engine/version.h"

namespace axfire::cli {

namespace {

std::vector<std::string> layer_names(const Network& network) {
    std::vector<std::string> names;
    for (const Node& node : network.nodes) {
        names.push_back(node.name);
    }
    return names;
}

/// The four units in words; those that a node does not have are left out.
nlohmann::ordered_json units_json(const Arithmetic& a, bool synapses, bool neurons) {
    nlohmann::ordered_json json;
    if (synapses) {
        json["synapse_mul"] = to_string(a.synapse_mul);
        json["synapse_add"] = to_string(a.synapse_add);
    }
    if (neurons) {
        json["neuron_mul"] = to_string(a.neuron_mul);
        json["neuron_add"] = to_string(a.neuron_add);
    }
    return json;
}

/// The threshold of a population, where it is the same for all.
double common_threshold(const Node& node) {
    if (const auto* neuron = std::get_if<nodes::Neuron>(&node.kind)) {
        const auto it = neuron->parameters.find("v_threshold");
        if (it != neuron->parameters.end() &&
            std::all_of(it->second.begin(), it->second.end(), [&](double v) { return v == it->second.front(); })) {
            return it->second.front();
        }
    }
    return std::numeric_limits<double>::quiet_NaN();
}

/// One `--record` item: `spikes`, `v`, `spikes:<layer>`, `v:<layer>` or `none`.
void record_item(const std::string& item, PreparedRun& run) {
    const std::size_t colon = item.find(':');
    const std::string what = item.substr(0, colon);
    const std::string layer = colon == std::string::npos ? "" : item.substr(colon + 1);
    if (item == "none") {
        return;
    }
    if (what != "spikes" && what != "v") {
        throw InputError(fmt::format(
            "--record '{}' is unknown; it takes spikes, v, spikes:<layer>, v:<layer> or none, separated by commas",
            item));
    }
    const bool membrane = what == "v";
    bool found = false;
    std::string choices;
    for (const Layer& l : run.simulation->layers()) {
        if (!(membrane ? run.simulation->has_membrane(l.node) : run.simulation->spikes(l.node))) {
            continue;
        }
        choices += (choices.empty() ? "" : ", ") + l.name;
        if (!layer.empty() && layer != l.name) {
            continue;
        }
        found = true;
        auto at = std::find_if(run.options.traces.begin(), run.options.traces.end(),
                               [&](const TraceRequest& t) { return t.node == l.node; });
        if (at == run.options.traces.end()) {
            run.options.traces.push_back({l.node, false, false});
            const Node& node = run.network.nodes[l.node];
            run.populations.push_back(
                {l.name, l.type, l.neurons, run.simulation->shape(l.node), false, false, common_threshold(node)});
            at = run.options.traces.end() - 1;
        }
        (membrane ? at->membrane : at->spikes) = true;
        RecordedPopulation& p = run.populations[static_cast<std::size_t>(at - run.options.traces.begin())];
        (membrane ? p.membrane : p.spikes) = true;
    }
    if (!found && (!layer.empty() || membrane)) {
        throw InputError(fmt::format("--record {}: no layer '{}' has {}; those that have: {}", item, layer,
                                     membrane ? "a membrane" : "spikes", choices.empty() ? "none" : choices));
    }
}

Readout parse_readout(const std::string& text) {
    return text == "spikes" ? Readout::spikes
           : text == "last" ? Readout::last
           : text == "sum"  ? Readout::sum
                            : Readout::automatic;
}

/// Steps of a run: as told, as the data set says, or 1 for a network whose neurons keep no state.
std::uint32_t choose_steps(const RunFlags& flags, const PreparedRun& run) {
    if (flags.steps != 0) {
        return flags.steps;
    }
    if (const std::uint32_t steps = run.data->default_steps(run.network.conventions.dt_ms); steps != 0) {
        return steps;
    }
    for (const Node& node : run.network.nodes) {
        if (keeps_state(node)) {
            throw InputError(
                fmt::format("the samples of '{}' have no time axis and node '{}' keeps a state: say how "
                            "many steps to run with -T",
                            flags.data, node.name));
        }
    }
    return 1;
}

constexpr std::size_t kDeviceBatch = 256;  // samples side by side fill a device

void fall_back(const std::string& reason, const Notice& notice, PreparedRun& run) {
    run.device = {{}, true, reason};
    if (notice) {
        notice("on the CPU: " + reason);
    }
}

/// The simulation on the devices; where it cannot be and they were not asked for, the CPU is chosen.
void open_devices(const DeviceOptions& options, PreparedRun& run) {
    std::vector<DeviceOptions> each;
    for (const cuda::DeviceInfo& device : run.device.devices) {
        each.push_back(options);
        each.back().device = device;
    }
    try {
        run.on_devices = std::make_unique<DeviceTeam>(*run.simulation, each);
        run.options.devices = run.on_devices.get();
        run.options.batch = run.on_devices->batch();
    } catch (const NotOnDevice& error) {
        if (!run.device.automatic) {
            throw;
        }
        fall_back(error.what(), options.notice, run);
    } catch (const cuda::Error& error) {  // taken by others, out of order
        if (!run.device.automatic) {
            throw;
        }
        fall_back(error.what(), options.notice, run);
    }
}

}  // namespace

PreparedRun prepare(const RunFlags& flags) {
    PreparedRun run;
    run.device = choose_device(flags.device);
    const TablePolicy table = flags.table == "on"    ? TablePolicy::on
                              : flags.table == "off" ? TablePolicy::off
                                                     : TablePolicy::automatic;
    const ArithmeticConfig config = flags.config.empty() ? ArithmeticConfig{} : read_arithmetic_config(flags.config);
    set_units(config.all, table, run.arithmetic);
    set_units(flags.units, table, run.arithmetic);
    if (!flags.record.empty() && flags.output.empty()) {
        throw InputError("--record needs -o FILE to record into");
    }
    run.network = load_network(flags.model, flags.conventions);
    if (flags.fold_batch_norm) {
        fold_batch_norm(run.network);
    }
    run.data = open_data(flags.data, input_shape(run.network), flags.mean, flags.deviation);
    EncoderOptions& encoder = run.options.encoder;
    encoder.encoding = flags.encode.empty() ? (run.data->has_events() ? Encoding::events : Encoding::direct)
                                            : parse_encoding(flags.encode);
    encoder.bin_events = flags.binary_events ? BinEvents::binary : BinEvents::count;
    encoder.steps = choose_steps(flags, run);
    encoder.dt_ms = run.network.conventions.dt_ms;
    encoder.seed = flags.seed;
    encoder.rate_scale = flags.rate_scale;

    SimulationOptions options;
    options.arithmetic = run.arithmetic;
    if (!config.layers.empty()) {
        options.node_wise = arithmetic_by_name(config, layer_names(run.network), run.arithmetic, table);
    }
    const Jit jit = flags.jit == "off" ? Jit::off : flags.jit == "required" ? Jit::required : Jit::automatic;
    options.seed = flags.seed;
    if (!flags.quiet) {
        options.notice = [](const std::string& text) { fmt::print(stderr, "axfire: {}\n", text); };
    }
    options.multiply_spikes = flags.multiply_spikes;
    if (!flags.weights.empty()) {
        options.weight_format = parse_format(flags.weights);
    }
    options.input_events = encoder.encoding != Encoding::direct;
    options.readout = parse_readout(flags.readout);
    options.jit = run.device.devices.empty() ? jit : Jit::off;  // a device has kernels of its own
    run.simulation = std::make_unique<Simulation>(run.network, options);

    if (flags.samples > run.data->size()) {
        throw InputError(fmt::format("--samples {}: '{}' holds {}", flags.samples, flags.data, run.data->size()));
    }
    run.options.samples = flags.samples != 0 ? flags.samples : run.data->size();
    run.options.threads = flags.threads != 0 ? flags.threads : std::max(1u, std::thread::hardware_concurrency());
    run.options.batch = flags.batch != 0 ? flags.batch : std::max<std::size_t>(32, run.options.threads);
    run.options.memory = flags.memory;
    run.options.steps_at_once = flags.steps_at_once;
    run.options.predict_every_step = flags.accuracy_over_time;
    if (const std::size_t devices = run.device.devices.size(); devices != 0) {
        const std::size_t share = (run.options.samples + devices - 1) / devices;
        const std::size_t batch = std::min(flags.batch != 0 ? flags.batch : kDeviceBatch, share);
        const bool draws = encoder.encoding == Encoding::poisson;
        open_devices({{},
                      batch,
                      encoder.steps,
                      flags.memory,
                      draws ? std::optional<u64>(encoder.seed) : std::nullopt,
                      options.notice},
                     run);
        if (run.on_devices == nullptr) {
            options.jit = jit;
            run.simulation = std::make_unique<Simulation>(run.network, options);
        }
    }
    if (!flags.output.empty()) {
        for (const std::string& item : flags.record.empty() ? std::vector<std::string>{"spikes"} : flags.record) {
            record_item(item, run);
        }
    }
    return run;
}

nlohmann::ordered_json configuration(const RunFlags& flags, const PreparedRun& run) {
    const Conventions& c = run.network.conventions;
    const EncoderOptions& e = run.options.encoder;
    const char* const readouts[] = {"auto", "spikes", "last", "sum"};
    nlohmann::ordered_json json;
    json["axfire"] = kVersion;
    json["model"] = flags.model;
    json["provenance"] = run.network.provenance;
    json["fold_bn"] = flags.fold_batch_norm ? "on" : "off";
    json["data"] = flags.data;
    json["mean"] = flags.mean;
    json["std"] = flags.deviation;
    json["samples"] = run.options.samples;
    json["steps"] = e.steps;
    json["dt_ms"] = c.dt_ms;
    json["encode"] = to_string(e.encoding);
    json["bin_events"] = flags.binary_events ? "binary" : "count";
    json["rate_scale"] = e.rate_scale;
    json["seed"] = flags.seed;
    json["reset"] = to_string(c.reset);
    json["integrate"] = to_string(c.integrate);
    json["fire"] = to_string(c.fire);
    json["input_gain"] = to_string(c.input_gain);
    json["cuba_order"] = to_string(c.cuba_order);
    json["decay_gain"] = to_string(c.decay_gain);
    json["arithmetic"] = units_json(run.arithmetic, true, true);
    nlohmann::ordered_json layers;
    for (const Layer& l : run.simulation->layers()) {
        const bool neuron = std::holds_alternative<nodes::Neuron>(run.network.nodes[l.node].kind);
        layers[l.name] = units_json(run.simulation->arithmetic(l.node), true, neuron);
    }
    json["layer_arithmetic"] = std::move(layers);
    json["spike_multiply"] = flags.multiply_spikes ? "on" : "off";
    json["weights"] = flags.weights.empty() ? "as given" : flags.weights;
    json["readout"] = readouts[static_cast<std::size_t>(run.simulation->readout())];
    json["device"] = run.on_devices != nullptr ? run.on_devices->numbers() : "cpu";
    json["device_reason"] = run.device.reason;
    if (run.on_devices != nullptr) {
        json["device_name"] = run.on_devices->names();
    }
    json["isa"] = cpu_kernels().isa;
    json["threads"] = run.options.threads;
    json["batch"] = run.options.batch;
    return json;
}

}  // namespace axfire::cli
