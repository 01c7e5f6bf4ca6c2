// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "arith/error.h"
#include "engine/cli/commands.h"
#include "engine/cli/open_data.h"
#include "engine/convert/convert.h"
#include "engine/formats/load_network.h"
#include "engine/formats/model_file.h"
#include "engine/network/simplify.h"
#include "engine/version.h"

namespace axfire::cli {

namespace {

using Json = nlohmann::ordered_json;

struct MethodName {
    const char* name;
    ConversionMethod method;
};
constexpr MethodName kMethods[] = {
    {"max", ConversionMethod::maximum},
    {"percentile", ConversionMethod::percentile},
    {"threshold-balance", ConversionMethod::threshold_balance},
    {"rmp", ConversionMethod::rmp},
    {"calibrate", ConversionMethod::calibrate},
    {"qcfs", ConversionMethod::qcfs},
};

struct ConvertFlags {
    std::string model;
    std::string output;
    std::string data;
    std::string method = "percentile";
    ConvertOptions options;
    std::string max_pool = "gate";
    std::string encode = "direct";
    double rate_scale = 1;
    std::vector<double> mean, deviation;
    std::uint32_t steps = 32;
    std::size_t samples = 256;
    unsigned threads = 0;
    std::uint64_t seed = 0;
    bool force = false;
    bool json = false;
    bool quiet = false;
};

Json description(const ConvertFlags& f, const Network& ann, const Conversion& conversion, std::size_t samples) {
    Json json;
    json["axfire"] = kVersion;
    json["model"] = f.model;
    json["provenance"] = ann.provenance;
    json["data"] = f.data;
    json["samples"] = samples;
    json["steps"] = f.steps;
    json["encode"] = f.encode;
    json["method"] = f.method;
    json["percentile"] = f.options.percentile;
    json["rmp_factor"] = f.options.rmp_factor;
    json["v_init"] = f.options.v_init;
    json["max_pool"] = f.max_pool;
    json["mean"] = f.mean;
    json["std"] = f.deviation;
    json["seed"] = f.seed;
    json["multiply_accumulates"] = conversion.multiply_accumulates;
    Json layers = Json::array();
    for (const LayerConversion& l : conversion.layers) {
        layers.push_back({{"name", l.name},
                          {"neurons", l.neurons},
                          {"scale", l.scale},
                          {"threshold", l.threshold},
                          {"expected_rate", l.expected_rate},
                          {"measured_rate", l.measured_rate},
                          {"relative_error", l.relative_error}});
    }
    json["layers"] = std::move(layers);
    return json;
}

void print_table(const ConvertFlags& f, const Conversion& conversion) {
    fmt::print("{:<40} {:>8} {:>10} {:>10} {:>10} {:>10} {:>8}\n", "layer", "neurons", "scale", "threshold", "expected",
               "measured", "error");
    for (const LayerConversion& l : conversion.layers) {
        fmt::print("{:<40} {:>8} {:>10.4g} {:>10.4g} {:>10.4f} {:>10.4f} {:>6.1f} %\n", l.name, l.neurons, l.scale,
                   l.threshold, l.expected_rate, l.measured_rate, 100 * l.relative_error);
    }
    fmt::print(
        "\nscale: activation of a spike in every step; expected, measured: spikes a neuron a step at T = {}; "
        "error: of the activations\nmodel file   {}\n",
        f.steps, f.output);
}

void convert_command(ConvertFlags& f) {
    const std::filesystem::path output = f.output;
    if (output.extension() != ".h5") {
        throw InputError(fmt::format("-o '{}': the name must end in .h5 (model file)", f.output));
    }
    if (std::filesystem::exists(output) && !f.force) {
        throw InputError(fmt::format("{} exists; --force replaces it", f.output));
    }
    for (const MethodName& m : kMethods) {
        f.options.method = f.method == m.name ? m.method : f.options.method;
    }
    f.options.average_for_max = f.max_pool == "avg";
    Network network = load_network(f.model);
    fold_batch_norm(network);
    const std::unique_ptr<Dataset> data = open_data(f.data, input_shape(network), f.mean, f.deviation);
    Calibration calibration{*data,
                            {},
                            std::min(f.samples, data->size()),
                            f.threads != 0 ? f.threads : std::max(1u, std::thread::hardware_concurrency())};
    calibration.encoder.encoding = parse_encoding(f.encode);
    calibration.encoder.steps = f.steps;
    calibration.encoder.seed = f.seed;
    calibration.encoder.rate_scale = f.rate_scale;
    const auto progress = [&](const std::string& text) {
        if (!f.quiet) {
            fmt::print(stderr, "axfire: {}\n", text);
        }
    };
    Conversion conversion = convert(network, calibration, f.options, progress);
    const Json json = description(f, network, conversion, calibration.samples);
    conversion.network.provenance = json.dump();
    write_model(conversion.network, output, f.force);
    if (f.json) {
        fmt::print("{}\n", json.dump());
    } else if (!f.quiet) {
        print_table(f, conversion);
    }
}

}  // namespace

void add_convert(CLI::App& app) {
    auto f = std::make_shared<ConvertFlags>();
    CLI::App* sub = app.add_subcommand("convert", "Make a spiking network of a trained conventional one");
    std::vector<std::string> methods;
    for (const MethodName& m : kMethods) {
        methods.emplace_back(m.name);
    }
    sub->add_option("ANN", f->model, "Network: ONNX, Keras (Sequential, .h5) or a model file of Axfire (.h5)")
        ->required();
    sub->add_option("-o,--output", f->output, "Model file to write (.h5)")->required();
    sub->add_option("--data", f->data, "Data that scales are chosen by: " + known_data_specs())->required();
    sub->add_option("--method", f->method,
                    "How thresholds are chosen: max (of the activations), percentile (of those above 0), "
                    "threshold-balance (the largest input of the spiking network), rmp (a fraction of that), calibrate "
                    "(for T steps, "
                    "with corrections), qcfs (as trained)")
        ->check(CLI::IsMember(methods))
        ->capture_default_str();
    sub->add_option("--percentile", f->options.percentile, "percentile, qcfs: of the activations above 0")
        ->capture_default_str();
    sub->add_option("--rmp-factor", f->options.rmp_factor, "rmp: the fraction")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    sub->add_option("--v-init", f->options.v_init, "Membrane before the first step, in thresholds")
        ->check(CLI::Range(-1.0, 1.0))
        ->capture_default_str();
    sub->add_option(
           "--max-pool", f->max_pool,
           "Maximum pooling: gate (spikes of the input that has sent most pass), or avg (average pooling instead)")
        ->check(CLI::IsMember({"gate", "avg"}))
        ->capture_default_str();
    sub->add_option("-T,--steps", f->steps, "Steps for which the spiking network is balanced, calibrated and compared")
        ->check(CLI::Range(1u, 1000000u))
        ->capture_default_str();
    sub->add_option("--samples", f->samples, "Only the first N samples")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 40))
        ->capture_default_str();
    sub->add_option("--encode", f->encode, "First layer: direct (a constant current) or poisson (spikes)")
        ->check(CLI::IsMember({"direct", "poisson"}))
        ->capture_default_str();
    sub->add_option("--rate-scale", f->rate_scale, "poisson: spikes a step at value 1")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    sub->add_option("--mean", f->mean,
                    "Subtract this from the data first; one value, or one for each channel by commas")
        ->delimiter(',');
    sub->add_option("--std", f->deviation, "... then divide by this")->delimiter(',');
    sub->add_option("--threads", f->threads, "Threads; default: all of the machine")->check(CLI::Range(1u, 4096u));
    sub->add_option("--seed", f->seed, "Seed of every random number")->capture_default_str();
    sub->add_flag("--force", f->force, "Replace the file if it exists");
    sub->add_flag("--json", f->json, "Print what was done as one JSON object on standard output");
    sub->add_flag("-q,--quiet", f->quiet, "No progress and no table");
    sub->footer(
        "Example:\n"
        "  axfire convert resnet20.onnx -o snn.h5 --data cifar10:DIR:train --method percentile --percentile 99.9\n"
        "  axfire run snn.h5 --data cifar10:DIR -T 64 --accuracy-over-time");
    sub->callback([f] { convert_command(*f); });
}

}  // namespace axfire::cli
