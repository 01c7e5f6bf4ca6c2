// SPDX-License-Identifier: Apache-2.0
#include "engine/cli/train_options.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/cli/open_data.h"
#include "engine/formats/load_network.h"
#include "engine/network/simplify.h"
#include "engine/version.h"

namespace axfire::cli {

namespace {

namespace fs = std::filesystem;

/// The training and the test part of a data SPEC; one that names its part is taken as it is, without test data.
struct Parts {
    std::string train, test;
};
Parts parts_of(const TrainFlags& f) {
    Parts parts{f.data, f.test_data};
    const std::string& data = f.data;
    const bool named = data.ends_with(":train") || data.ends_with(":test");
    for (const char* kind : {"mnist", "fashion-mnist", "cifar10"}) {
        if (!named && (data == kind || data.starts_with(std::string(kind) + ":"))) {
            parts.train = data + ":train";
            parts.test = parts.test.empty() ? data + ":test" : parts.test;
        }
    }
    if (data.starts_with("nmnist:") && fs::is_directory(data.substr(7) + "/Train")) {
        parts.train = data + "/Train";
        parts.test = parts.test.empty() ? data + "/Test" : parts.test;
    }
    return parts;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) {
        throw InputError(fmt::format("'{}' cannot be read", path));
    }
    return text.str();
}

/// Cross entropy includes a softmax, so one before the output is left out.
void drop_last_softmax(Network& network) {
    const Topology topology = analyse(network);
    for (std::size_t n = 0; n < network.nodes.size(); ++n) {
        if (!std::holds_alternative<nodes::Output>(network.nodes[n].kind)) {
            continue;
        }
        const std::size_t last = topology.feed_forward[n].empty() ? n : topology.feed_forward[n][0];
        if (std::holds_alternative<nodes::Softmax>(network.nodes[last].kind)) {
            network = train::without_dropout(std::move(network), {{network.nodes[last].name, 0.0}});
        }
        return;
    }
}

train::DescribedNetwork make_network(const TrainFlags& f, const Parts& parts) {
    if (f.again) {
        train::DescribedNetwork described;
        described.network = load_network(f.model, f.conventions);
        if (f.fold_batch_norm) {
            fold_batch_norm(described.network);
        }
        if (f.loss == "cross-entropy") {
            drop_last_softmax(described.network);
        }
        return described;
    }
    const Shape shape = open_dataset(parts.train, {})->shape();
    std::string text = train::named_network(f.model, f.classes);
    std::string where = "--model " + f.model;
    if (text.empty()) {
        if (!fs::is_regular_file(f.model)) {
            throw InputError(
                fmt::format("--model '{}' is neither a file nor one of {}", f.model, train::known_networks()));
        }
        text = read_file(f.model);
        where = f.model;
    }
    train::DescribedNetwork described = train::parse_network(text, where, shape);
    described.network.conventions = apply(f.conventions, described.network.conventions);
    described.network.provenance = fmt::format("axfire train --model {}", f.model);
    train::draw_weights(described.network, f.seed);
    return described;
}

std::uint32_t choose_steps(const TrainFlags& f, const Dataset& data, const Network& network) {
    if (f.steps != 0) {
        return f.steps;
    }
    if (const std::uint32_t steps = data.default_steps(network.conventions.dt_ms); steps != 0) {
        return steps;
    }
    for (const Node& node : network.nodes) {
        if (keeps_state(node)) {
            throw InputError(
                fmt::format("the samples of '{}' have no time axis and node '{}' keeps a state: say how "
                            "many steps to train with -T",
                            f.data, node.name));
        }
    }
    return 1;
}

template <class E>
E named(const std::string& name, std::initializer_list<std::pair<const char*, E>> choices) {
    for (const auto& [word, value] : choices) {
        if (name == word) {
            return value;
        }
    }
    throw InputError(fmt::format("'{}' is unknown", name));  // the flags have been checked
}

nlohmann::ordered_json describe_training(const TrainFlags& f, const Parts& parts, const Arithmetic& a,
                                         const Arithmetic& back, std::uint32_t steps, const Network& network) {
    nlohmann::ordered_json json;
    json["axfire"] = kVersion;
    json["model"] = f.model;
    json["provenance"] = network.provenance;
    json["data"] = parts.train;
    json["test_data"] = parts.test;
    json["samples"] = f.samples;
    json["mean"] = f.mean;
    json["std"] = f.deviation;
    json["steps"] = steps;
    json["dt_ms"] = network.conventions.dt_ms;
    json["encode"] = f.encode;
    json["bin_events"] = f.binary_events ? "binary" : "count";
    json["rate_scale"] = f.rate_scale;
    json["arithmetic"] = {{"synapse_mul", to_string(a.synapse_mul)},
                          {"synapse_add", to_string(a.synapse_add)},
                          {"neuron_mul", to_string(a.neuron_mul)},
                          {"neuron_add", to_string(a.neuron_add)}};
    json["config"] = f.config;
    json["backward"] = {{"mul", to_string(back.synapse_mul)}, {"add", to_string(back.synapse_add)}};
    json["gradient"] = f.product_gradient;
    json["weights"] = f.weights;
    json["spike_multiply"] = f.multiply_spikes ? "on" : "off";
    json["epochs"] = f.epochs;
    json["batch"] = f.batch;
    json["lr"] = f.rate;
    json["optimizer"] = f.optimizer;
    json["momentum"] = f.optimizing.momentum;
    json["weight_decay"] = f.optimizing.weight_decay;
    json["clip"] = f.optimizing.clip;
    json["schedule"] = f.schedule;
    json["schedule_factor"] = f.scheduling.factor;
    json["schedule_every"] = f.scheduling.every;
    json["warm_up"] = f.scheduling.warm_up;
    json["loss"] = f.loss;
    json["surrogate"] = f.surrogate;
    json["slope"] = f.gradient.slope;
    json["reset_gradient"] = f.gradient.detach_reset ? "off" : "on";
    json["truncate"] = f.gradient.truncate;
    json["shift"] = f.augment.shift;
    json["flip"] = f.augment.flip;
    json["jitter_us"] = f.augment.jitter_us;
    json["drop_events"] = f.augment.drop_events;
    json["patience"] = f.patience;
    json["seed"] = f.seed;
    return json;
}

}  // namespace

PreparedTraining prepare_training(const TrainFlags& f) {
    PreparedTraining prepared;
    const Parts parts = parts_of(f);
    train::DescribedNetwork network = make_network(f, parts);
    prepared.train = open_data(parts.train, input_shape(network.network), f.mean, f.deviation);
    if (!parts.test.empty()) {
        prepared.test = open_data(parts.test, input_shape(network.network), f.mean, f.deviation);
    }

    train::TrainOptions o;
    o.encoder.encoding = f.encode.empty() ? (prepared.train->has_events() ? Encoding::events : Encoding::direct)
                                          : parse_encoding(f.encode);
    o.encoder.bin_events = f.binary_events ? BinEvents::binary : BinEvents::count;
    o.encoder.steps = prepared.steps = choose_steps(f, *prepared.train, network.network);
    o.encoder.dt_ms = network.network.conventions.dt_ms;
    o.encoder.seed = f.seed;
    o.encoder.rate_scale = f.rate_scale;

    const TablePolicy table = f.table == "on"    ? TablePolicy::on
                              : f.table == "off" ? TablePolicy::off
                                                 : TablePolicy::automatic;
    const ArithmeticConfig config = f.config.empty() ? ArithmeticConfig{} : read_arithmetic_config(f.config);
    train::ProgramOptions& p = o.program;
    set_units(config.all, table, p.arithmetic);
    set_units(f.units, table, p.arithmetic);
    Arithmetic back;
    set_units(f.backward, table, back);
    if (!config.layers.empty()) {
        o.node_wise = [config, table, all = p.arithmetic](const Network& n) {
            std::vector<std::string> names;
            for (const Node& node : n.nodes) {
                names.push_back(node.name);
            }
            return arithmetic_by_name(config, names, all, table);
        };
    }
    p.gradient = f.gradient;
    using train::Surrogate;
    p.gradient.surrogate = named<Surrogate>(f.surrogate, {{"fast-sigmoid", Surrogate::fast_sigmoid},
                                                          {"arctan", Surrogate::arctan},
                                                          {"triangular", Surrogate::triangular},
                                                          {"rectangular", Surrogate::rectangular}});
    p.gradient.table = f.product_gradient == "table";
    p.gradient.add = back.synapse_add;
    p.gradient.mul = back.synapse_mul;
    p.jit = f.jit == "off" ? Jit::off : f.jit == "required" ? Jit::required : Jit::automatic;
    if (!f.quiet) {
        p.notice = [](const std::string& text) { fmt::print(stderr, "axfire: {}\n", text); };
    }
    p.multiply_spikes = f.multiply_spikes;
    if (!f.weights.empty()) {
        p.weight_format = parse_format(f.weights);
    }
    p.batch = f.batch;
    p.threads = prepared.threads = f.threads != 0 ? f.threads : std::max(1u, std::thread::hardware_concurrency());
    p.seed = f.seed;

    using train::Loss;
    o.loss = f.losing;
    o.loss.loss = named<Loss>(f.loss, {{"cross-entropy", Loss::cross_entropy},
                                       {"mse", Loss::mse},
                                       {"spike-count", Loss::spike_count},
                                       {"membrane", Loss::membrane}});
    using train::Method;
    o.optimizer = f.optimizing;
    o.optimizer.method =
        named<Method>(f.optimizer, {{"sgd", Method::sgd}, {"adam", Method::adam}, {"adamw", Method::adamw}});
    using train::ScheduleKind;
    o.schedule = f.scheduling;
    o.schedule.rate = f.rate;
    o.schedule.kind = named<ScheduleKind>(f.schedule, {{"constant", ScheduleKind::constant},
                                                       {"step", ScheduleKind::step},
                                                       {"cosine", ScheduleKind::cosine},
                                                       {"plateau", ScheduleKind::plateau}});
    o.augment = f.augment;
    o.epochs = f.epochs;
    o.samples = f.samples;
    o.test_samples = f.test_samples;
    o.patience = f.patience;
    if (f.patience != 0 && prepared.test == nullptr) {
        throw InputError("--patience needs test data to judge by: give --test-data");
    }
    o.checkpoint = f.checkpoint;
    o.checkpoint_steps = f.checkpoint_steps;
    prepared.configuration = describe_training(f, parts, p.arithmetic, back, prepared.steps, network.network);
    o.configuration = prepared.configuration.dump();
    prepared.trainer = std::make_unique<train::Trainer>(std::move(network), *prepared.train, prepared.test.get(), o);
    return prepared;
}

}  // namespace axfire::cli
