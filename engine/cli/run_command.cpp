// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "engine/cli/commands.h"
#include "engine/cli/progress.h"
#include "engine/cli/run_options.h"
#include "engine/version.h"

namespace axfire::cli {

namespace {

using Json = nlohmann::ordered_json;

std::vector<LayerTotals> layer_totals(const Simulation& simulation, const std::vector<Counts>& counts) {
    std::vector<LayerTotals> layers;
    for (std::size_t i = 0; i < simulation.layers().size(); ++i) {
        const Layer& l = simulation.layers()[i];
        const Counts c = counts.empty() ? Counts{} : counts[i];
        layers.push_back(
            {l.name, l.type, l.neurons, c.spikes, c.synaptic_operations, c.multiplications, c.neuron_updates});
    }
    return layers;
}

/// null where there is nothing to divide by.
Json fraction(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? Json(nullptr) : Json(static_cast<double>(part) / static_cast<double>(whole));
}

Json accuracy_of(const RunTotals& totals) {
    return fraction(totals.correct, totals.labelled);
}

/// By class: the fraction of its samples that was right; null for a class without samples.
Json class_accuracy(const RunTotals& totals, std::size_t classes) {
    std::vector<std::uint64_t> samples(classes), correct(classes);
    for (std::size_t i = 0; i < totals.labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(totals.labels[i]);
        if (totals.labels[i] != kNoLabel && label < classes) {
            ++samples[label];
            correct[label] += totals.predictions[i] == totals.labels[i];
        }
    }
    Json json = Json::array();
    for (std::size_t c = 0; c < classes; ++c) {
        json.push_back(fraction(correct[c], samples[c]));
    }
    return json;
}

constexpr std::size_t kMaxConfusion = 4096;  // outputs; more would make a run file of its own

/// [label][prediction]: how many samples; those without a label, or with one that is no output, are left out.
Confusion confusion_of(const RunTotals& totals, std::size_t classes) {
    if (classes > kMaxConfusion) {
        return {};
    }
    Confusion confusion{classes, std::vector<std::uint64_t>(classes * classes)};
    for (std::size_t i = 0; i < totals.labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(totals.labels[i]);
        const auto prediction = static_cast<std::size_t>(totals.predictions[i]);
        if (totals.labels[i] != kNoLabel && label < classes && prediction < classes) {
            ++confusion.samples[label * classes + prediction];
        }
    }
    return confusion;
}

/// The machine-readable summary.
Json summary(const RunFlags& flags, const PreparedRun& run, const RunTotals& totals) {
    const double samples = static_cast<double>(run.options.samples);
    Json json = configuration(flags, run);
    json["accuracy"] = accuracy_of(totals);
    if (run.simulation->output_size() > 5) {
        json["top5_accuracy"] = fraction(totals.correct_in_five, totals.labelled);
    }
    if (flags.accuracy_over_time) {
        Json accuracies = Json::array();
        for (const std::uint64_t correct : totals.correct_at) {
            accuracies.push_back(fraction(correct, totals.labelled));
        }
        json["accuracy_over_time"] = std::move(accuracies);
        json["latency_steps"] = fraction(totals.latency_steps, totals.correct);
    }
    json["class_accuracy"] = class_accuracy(totals, run.simulation->output_size());
    json["dense_multiply_accumulates"] = run.simulation->multiply_accumulates();
    json["seconds"] = totals.seconds;
    json["samples_per_second"] = samples / totals.seconds;
    json["schedule"] = {{"order", totals.schedule.steps_at_once > 1 ? "layer-major" : "time-major"},
                        {"parts", totals.schedule.parts},
                        {"steps_at_once", totals.schedule.steps_at_once},
                        {"batch", totals.schedule.batch},
                        {"threads", totals.schedule.threads},
                        {"threads_of_sample", totals.schedule.threads_of_sample},
                        {"buffer_bytes", totals.schedule.bytes}};
    json["dropped_events"] = totals.dropped_events;
    Json layers = Json::array();
    for (const LayerTotals& l : layer_totals(*run.simulation, totals.counts)) {
        layers.push_back({{"name", l.name},
                          {"type", l.type},
                          {"neurons", l.neurons},
                          {"spikes", l.spikes},
                          {"spikes_per_sample", static_cast<double>(l.spikes) / samples},
                          {"synaptic_operations", l.synaptic_operations},
                          {"multiplications", l.multiplications},
                          {"neuron_updates", l.neuron_updates}});
    }
    json["layers"] = std::move(layers);
    json["result_hash"] = fmt::format("{:016x}", totals.result_hash);
    json["predictions"] = totals.predictions;
    json["labels"] = totals.labels;
    return json;
}

/// At 1, 2, 4, ... steps and the last.
void print_accuracy_over_time(const RunTotals& totals) {
    fmt::print("over time   ");
    const std::size_t steps = totals.correct_at.size();
    for (std::size_t t = 1; t <= steps; t = t < steps ? std::min(2 * t, steps) : t + 1) {
        fmt::print(" {}: {:.2f} %", t,
                   100.0 * static_cast<double>(totals.correct_at[t - 1]) / static_cast<double>(totals.labelled));
    }
    if (totals.correct != 0) {
        fmt::print("; right for good after {:.1f} steps",
                   static_cast<double>(totals.latency_steps) / static_cast<double>(totals.correct));
    }
    fmt::print("\n");
}

void print_summary(const RunFlags& flags, const PreparedRun& run, const RunTotals& totals) {
    if (totals.labelled != 0) {
        fmt::print("accuracy     {:.2f} % ({} of {})\n", 100 * totals.accuracy(), totals.correct, totals.labelled);
    } else {
        fmt::print("accuracy     unknown: the data has no labels\n");
    }
    if (run.simulation->output_size() >= 100 && totals.labelled != 0) {
        fmt::print("top 5        {:.2f} %\n",
                   100.0 * static_cast<double>(totals.correct_in_five) / static_cast<double>(totals.labelled));
    }
    if (flags.accuracy_over_time && totals.labelled != 0) {
        print_accuracy_over_time(totals);
    }
    fmt::print("samples      {} of {} steps of {} ms, {:.1f} samples/s on {} threads\n", run.options.samples,
               run.options.encoder.steps, run.network.conventions.dt_ms,
               static_cast<double>(run.options.samples) / totals.seconds, run.options.threads);
    fmt::print("device       {}: {}\n",
               run.on_devices != nullptr ? run.on_devices->numbers() + " " + run.on_devices->names() : "cpu",
               run.device.reason);
    fmt::print("synapses     mul {}, add {}\n", to_string(run.arithmetic.synapse_mul),
               to_string(run.arithmetic.synapse_add));
    fmt::print("neurons      mul {}, add {}\n", to_string(run.arithmetic.neuron_mul),
               to_string(run.arithmetic.neuron_add));
    fmt::print("order        {} steps at once of each of {} parts of the network, buffers of {:.1f} MiB\n",
               totals.schedule.steps_at_once, totals.schedule.parts,
               static_cast<double>(totals.schedule.bytes) / (1 << 20));
    if (totals.dropped_events != 0) {
        fmt::print("dropped      {} events after the last step\n", totals.dropped_events);
    }
    fmt::print("\n{:<20} {:<10} {:>8} {:>14} {:>20}\n", "layer", "type", "neurons", "spikes/sample",
               "synaptic ops/sample");
    for (const LayerTotals& l : layer_totals(*run.simulation, totals.counts)) {
        const double samples = static_cast<double>(run.options.samples);
        fmt::print("{:<20} {:<10} {:>8} {:>14.1f} {:>20.0f}\n", l.name, l.type, l.neurons,
                   static_cast<double>(l.spikes) / samples, static_cast<double>(l.synaptic_operations) / samples);
    }
    std::uint64_t operations = 0;
    for (const Counts& c : totals.counts) {
        operations += c.synaptic_operations;
    }
    const double each = static_cast<double>(operations) / static_cast<double>(run.options.samples);
    const auto dense = static_cast<double>(run.simulation->multiply_accumulates());
    if (dense > 0) {
        fmt::print(
            "\noperations   {:.4g} accumulations a sample, {:.3g} times the {:.4g} multiply-accumulates of a dense "
            "step\n",
            each, each / dense, dense);
    }
    fmt::print("\nresult hash  {:016x}\n", totals.result_hash);
    if (!flags.output.empty()) {
        fmt::print("run file     {}\n", flags.output);
    }
}

std::unique_ptr<RunFile> open_run_file(const RunFlags& flags, const PreparedRun& run) {
    if (flags.output.empty()) {
        return nullptr;
    }
    RunFileOptions options;
    options.path = flags.output;
    options.overwrite = flags.force;
    options.dt_ms = run.network.conventions.dt_ms;
    options.steps = run.options.encoder.steps;
    options.samples = run.options.samples;
    options.populations = run.populations;
    options.configuration = configuration(flags, run).dump();
    options.seed = flags.seed;
    options.version = kVersion;
    options.deflate = static_cast<decltype(options.deflate)>(flags.deflate);
    options.layers = layer_totals(*run.simulation, {});
    return std::make_unique<RunFile>(std::move(options));
}

SampleRecord to_record(FinishedSample& sample) {
    SampleRecord record;
    record.label = sample.label;
    record.prediction = sample.result.prediction;
    record.readout = std::move(sample.result.readout);
    record.populations = std::move(sample.result.traces);
    for (const Counts& c : sample.result.counts) {
        record.spikes_per_layer.push_back(static_cast<std::uint32_t>(c.spikes));
    }
    return record;
}

void run_command(const RunFlags& flags) {
    const PreparedRun run = prepare(flags);
    const std::unique_ptr<RunFile> file = open_run_file(flags, run);
    Progress progress(run.options.samples, flags.quiet);
    const auto sink = [&](std::span<FinishedSample> batch, const RunTotals& totals) {
        if (file != nullptr) {
            std::vector<SampleRecord> records;
            for (FinishedSample& sample : batch) {
                records.push_back(to_record(sample));
            }
            file->append(records);
        }
        progress.show(totals.predictions.size(),
                      totals.labelled == 0 ? "" : fmt::format("accuracy {:.2f} %", 100 * totals.accuracy()));
    };
    const RunTotals totals = run_samples(*run.simulation, *run.data, run.options, sink);
    const Json json = summary(flags, run, totals);
    if (file != nullptr) {
        file->finish(layer_totals(*run.simulation, totals.counts), json.dump(),
                     confusion_of(totals, run.simulation->output_size()));
    }
    if (flags.json) {
        fmt::print("{}\n", json.dump());
    } else if (!flags.quiet) {
        print_summary(flags, run, totals);
    }
}

/// An option that takes one of an enum's words.
template <class E>
void add_choice(CLI::App* sub, const std::string& flag, std::optional<E>& value, const std::string& help) {
    std::vector<std::string> names;
    for (const Choice<E>& choice : choices(E{})) {
        names.push_back(choice.name);
    }
    sub->add_option_function<std::string>(
           flag, [&value](const std::string& text) { value = find_choice<E>(text); }, help)
        ->check(CLI::IsMember(names));
}

}  // namespace

void add_run(CLI::App& app) {
    auto f = std::make_shared<RunFlags>();
    CLI::App* sub = app.add_subcommand("run", "Run a network over a data set");
    const CLI::IsMember on_off({"on", "off"});
    const std::string spec = "<unit>[(param=value,...)]@<format>[/<rounding>]; axfire arith list shows the units";

    sub->add_option("MODEL", f->model, "Network: NIR, ONNX, Keras (Sequential, .h5) or a model file of Axfire (.h5)")
        ->required();
    sub->add_option("--data", f->data, "Data: " + known_data_specs())->required();
    sub->add_option("-T,--steps", f->steps, "Steps of a sample; default: the data set's")
        ->check(CLI::Range(1u, 100000000u));
    sub->add_option("--dt", f->conventions.dt_ms, "Length of a step in ms; default: the model's, or 1")
        ->check(CLI::PositiveNumber);

    sub->add_option("--mul", f->units.mul, "Synapse multiplier (default exact@fp32): " + spec)->group("Arithmetic");
    sub->add_option("--add", f->units.add, "Synapse adder (default exact@fp32)")->group("Arithmetic");
    sub->add_option("--neuron-mul", f->units.neuron_mul, "Neuron multiplier (default exact@fp32)")->group("Arithmetic");
    sub->add_option("--neuron-add", f->units.neuron_add, "Neuron adder (default exact@fp32)")->group("Arithmetic");
    sub->add_option_function<std::string>(
           "--fold-bn", [f](const std::string& text) { f->fold_batch_norm = text == "on"; },
           "Batch normalisation folded into the layer before it: on (default), or off: through the arithmetic")
        ->check(on_off)
        ->group("Arithmetic");
    sub->add_option("--config", f->config, "TOML file with the units of single layers")->group("Arithmetic");
    sub->add_option(
           "--table", f->table,
           "Multipliers of up to 8 fraction bits as look-up tables: on, off, or auto, where a model of your own "
           "is slower than its table; changes no result")
        ->check(CLI::IsMember({"auto", "on", "off"}))
        ->capture_default_str()
        ->group("Arithmetic");
    sub->add_option("--jit", f->jit,
                    "Kernels compiled for the arithmetic: auto (where there is a compiler), off, or required; changes "
                    "no result")
        ->check(CLI::IsMember({"auto", "off", "required"}))
        ->capture_default_str()
        ->group("Arithmetic");
    sub->add_option("--weights", f->weights, "Format that the weights are stored in first; default: as given")
        ->group("Arithmetic");
    sub->add_option_function<std::string>(
           "--spike-multiply", [f](const std::string& text) { f->multiply_spikes = text == "on"; },
           "Send spikes of amplitude 1 through the multiplier too: on or off (default)")
        ->check(on_off)
        ->group("Arithmetic");

    add_choice(sub, "--reset", f->conventions.reset, "After a spike: zero (to v_reset) or subtract (the threshold)");
    add_choice(sub, "--integrate", f->conventions.integrate, "Leaky models: euler or exponential");
    add_choice(sub, "--fire", f->conventions.fire, "Spike where v > threshold (gt) or v >= threshold (ge)");
    add_choice(sub, "--input-gain", f->conventions.input_gain, "Models if and i: R a step, or R dt (continuous)");
    add_choice(sub, "--cuba-order", f->conventions.cuba_order, "The membrane takes the old current or the new one");
    add_choice(sub, "--decay-gain", f->conventions.decay_gain,
               "Exponential integration: input gain 1-a (complement) or dt/tau (ratio)");

    sub->add_option("--mean", f->mean, "Analog data: subtract this first; one value, or one for each channel by commas")
        ->delimiter(',');
    sub->add_option("--std", f->deviation, "... then divide by this")->delimiter(',');
    sub->add_option("--encode", f->encode,
                    "Input: events, direct, poisson or latency; default: events for event data, else direct")
        ->check(CLI::IsMember({"events", "direct", "poisson", "latency"}));
    sub->add_option_function<std::string>(
           "--bin-events", [f](const std::string& text) { f->binary_events = text == "binary"; },
           "Several events of a pixel in a step: count (default) or binary (one)")
        ->check(CLI::IsMember({"count", "binary"}));
    sub->add_option("--rate-scale", f->rate_scale, "poisson: spikes a step at value 1")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    sub->add_option("--readout", f->readout, "Prediction: spikes, last, sum, or auto by the output")
        ->check(CLI::IsMember({"auto", "spikes", "last", "sum"}))
        ->capture_default_str();

    sub->add_flag("--accuracy-over-time", f->accuracy_over_time,
                  "Accuracy as if the run ended after each step, and the steps until a prediction stays right");

    sub->add_option("--device", f->device,
                    "auto (a CUDA device where one is usable, else the CPU), cpu, cuda, cuda:<number>, or cuda:all "
                    "(the samples are split over all of them); changes no result")
        ->capture_default_str();
    sub->add_option("--threads", f->threads, "Threads; default: all of the machine")->check(CLI::Range(1u, 4096u));
    sub->add_option("--batch", f->batch,
                    "Samples that are handed on together, of which the next ones are in work meanwhile; "
                    "default: 32, or one for each thread; changes no result")
        ->check(CLI::Range(1u, 1000000u));
    sub->add_option("--memory", f->memory,
                    "What the buffers of steps and samples may take, beside network and data: 300M, 2G; default 1G; "
                    "changes no result")
        ->transform(CLI::AsSizeValue(false));
    sub->add_option("--steps-at-once", f->steps_at_once,
                    "Steps that a layer is run for before the next one; default: as many as --memory allows, up to 64; "
                    "changes no result")
        ->check(CLI::Range(1u, 1000000u));
    sub->add_option("--samples", f->samples, "Only the first N samples; default: all")
        ->check(CLI::Range(1u, 4000000000u));
    sub->add_option("--seed", f->seed, "Seed of every random number")->capture_default_str();

    sub->add_option("--record", f->record,
                    "What -o records, by commas: spikes, v, spikes:<layer>, v:<layer>, none; default: spikes")
        ->delimiter(',');
    sub->add_option("-o,--output", f->output, "Run file (HDF5) to write");
    sub->add_option("--deflate", f->deflate,
                    "Compression of the run file, 0 (none; libsonata's PyPI wheels need it) to 9")
        ->check(CLI::Range(0, 9))
        ->capture_default_str();
    sub->add_flag("--force", f->force, "Replace the run file if it exists");
    sub->add_flag("--json", f->json, "Print the summary as one JSON object on standard output");
    sub->add_flag("-q,--quiet", f->quiet, "No progress bar and no summary in words");
    sub->footer(
        "Examples:\n"
        "  axfire run net.nir --data nmnist:Test --reset subtract --add 'loa(k=12)@fp32'\n"
        "  axfire run net.nir --data fashion-mnist -T 16 --record spikes,v:out -o run.h5 --json");
    sub->callback([f] { run_command(*f); });
}

}  // namespace axfire::cli
