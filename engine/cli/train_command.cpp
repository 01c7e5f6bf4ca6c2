// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/cli/commands.h"
#include "engine/cli/progress.h"
#include "engine/cli/train_options.h"
#include "engine/formats/atomic_file.h"

namespace axfire::cli {

namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(double x) {
    return std::isfinite(x) ? Json(x) : Json(nullptr);
}

Json summary(const TrainFlags& f, const PreparedTraining& training, double seconds) {
    Json json = training.configuration;
    const train::Trainer& t = *training.trainer;
    json["output"] = f.output;
    json["threads"] = training.threads;
    json["seconds"] = seconds;
    json["batch_bytes"] = t.bytes();
    json["epochs_done"] = t.log().size();
    Json log = Json::array();
    for (const train::EpochRecord& e : t.log()) {
        log.push_back({{"epoch", e.epoch},
                       {"lr", e.rate},
                       {"loss", e.loss},
                       {"accuracy", e.accuracy},
                       {"test_accuracy", number_or_null(e.test_accuracy)},
                       {"gradient_norm", e.gradient_norm}});
    }
    json["log"] = std::move(log);
    const std::size_t last = f.patience != 0 && t.best_epoch() != 0 ? t.best_epoch() : t.log().size();
    json["test_accuracy"] = last == 0 ? Json(nullptr) : number_or_null(t.log()[last - 1].test_accuracy);
    return json;
}

/// A line for each epoch, and a bar while one goes on.
class Watch {
public:
    Watch(const TrainFlags& f, const train::Trainer& trainer) : flags_(f), trainer_(trainer) { start(); }

    void operator()(const train::Report& r) {
        if (!r.epoch_done) {
            bar_->show(r.step, fmt::format("epoch {}/{}  loss {:.4f}  accuracy {:.2f} %  all done in {}", r.epoch,
                                           flags_.epochs, r.loss, 100 * r.accuracy, duration(r.seconds_left)));
            return;
        }
        bar_.reset();
        if (!flags_.quiet) {
            const double test = trainer_.log().back().test_accuracy;
            fmt::print(stderr, "epoch {}/{}  loss {:.4f}  accuracy {:.2f} %{}  {:.1f} s, {} left\n", r.epoch,
                       flags_.epochs, r.loss, 100 * r.accuracy,
                       std::isfinite(test) ? fmt::format("  test {:.2f} %", 100 * test) : "",
                       std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count(),
                       duration(r.seconds_left));
        }
        start();
    }

private:
    void start() {
        begun_ = std::chrono::steady_clock::now();
        bar_ = std::make_unique<Progress>(trainer_.steps_per_epoch(), flags_.quiet);
    }
    static std::string duration(double seconds) {
        return seconds < 100 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} min", seconds / 60);
    }

    const TrainFlags& flags_;
    const train::Trainer& trainer_;
    std::unique_ptr<Progress> bar_;
    std::chrono::steady_clock::time_point begun_;
};

void train_command(TrainFlags& f) {
    if (std::filesystem::path(f.output).extension() != ".h5") {
        throw InputError(fmt::format("-o '{}': the name must end in .h5 (model file)", f.output));
    }
    if (std::filesystem::exists(f.output) && !f.force) {
        throw InputError(fmt::format("{} exists; --force replaces it", f.output));
    }
    if (f.checkpoint.empty()) {
        f.checkpoint = std::filesystem::path(f.output).replace_extension(".checkpoint.h5").string();
    }
    const bool there = std::filesystem::exists(f.checkpoint);
    if (there && !f.resume && !f.force) {
        throw InputError(
            fmt::format("{} is there, of a training that did not end; --resume goes on with it, --force "
                        "starts anew",
                        f.checkpoint));
    }
    const auto start = std::chrono::steady_clock::now();
    PreparedTraining training = prepare_training(f);
    if (f.resume && there) {
        training.trainer->resume();
    }
    Watch watch(f, *training.trainer);
    training.trainer->run([&](const train::Report& r) { watch(r); });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    write_trained(f.output, training.trainer->network(), training.configuration.dump(), training.trainer->log(),
                  f.force);
    if (!f.curves.empty()) {
        const std::string svg = train::curves(training.trainer->log(), f.output);
        write_file_atomically(f.curves, reinterpret_cast<const unsigned char*>(svg.data()), svg.size(), true);
    }
    std::error_code ignored;
    std::filesystem::remove(f.checkpoint, ignored);
    if (f.json) {
        fmt::print("{}\n", summary(f, training, seconds).dump());
    } else if (!f.quiet) {
        fmt::print("model file   {}\n", f.output);
    }
}

void add_data(CLI::App* sub, TrainFlags& f) {
    sub->add_option("--data", f.data,
                    "Training data: " + known_data_specs() +
                        "; a folder with both parts is trained on with one and "
                        "tested with the other")
        ->required();
    sub->add_option("--test-data", f.test_data, "Data that the network is tested with after each epoch");
    sub->add_option("--samples", f.samples, "Only the first N training samples; default: all");
    sub->add_option("--test-samples", f.test_samples, "Only the first N test samples; default: all");
    sub->add_option("-T,--steps", f.steps, "Steps of a sample; default: the data set's")
        ->check(CLI::Range(1u, 100000u));
    sub->add_option("--dt", f.conventions.dt_ms, "Length of a step in ms; default: the model's, or 1")
        ->check(CLI::PositiveNumber);
    sub->add_option("--encode", f.encode,
                    "Input: events, direct, poisson or latency; default: events for event data, else direct")
        ->check(CLI::IsMember({"events", "direct", "poisson", "latency"}));
    sub->add_option_function<std::string>(
           "--bin-events", [&f](const std::string& text) { f.binary_events = text == "binary"; },
           "Several events of a pixel in a step: count (default) or binary (one)")
        ->check(CLI::IsMember({"count", "binary"}));
    sub->add_option("--rate-scale", f.rate_scale, "poisson: spikes a step at value 1")->check(CLI::NonNegativeNumber);
    sub->add_option("--mean", f.mean, "Analog data: subtract this first; one value, or one for each channel by commas")
        ->delimiter(',');
    sub->add_option("--std", f.deviation, "... then divide by this")->delimiter(',');
    sub->add_option("--shift", f.augment.shift, "Move images by up to so many pixels in each direction")
        ->check(CLI::Range(0u, 1000u));
    sub->add_flag("--flip", f.augment.flip, "Mirror half of the images, left to right");
    sub->add_option("--jitter", f.augment.jitter_us, "Move events by up to so many microseconds")
        ->check(CLI::Range(0u, 1000000000u));
    sub->add_option("--drop-events", f.augment.drop_events, "Leave events out with this probability")
        ->check(CLI::Range(0.0, 1.0));
}

void add_arithmetic(CLI::App* sub, TrainFlags& f) {
    const char* const group = "Arithmetic";
    sub->add_option("--mul", f.units.mul, "Synapse multiplier of the forward pass (default exact@fp32)")->group(group);
    sub->add_option("--add", f.units.add, "Synapse adder of the forward pass (default exact@fp32)")->group(group);
    sub->add_option("--neuron-mul", f.units.neuron_mul, "Neuron multiplier (default exact@fp32)")->group(group);
    sub->add_option("--neuron-add", f.units.neuron_add, "Neuron adder (default exact@fp32)")->group(group);
    sub->add_option("--gradient", f.product_gradient,
                    "Gradients of the products of linear and convolution nodes: ste (the operands, as of exact "
                    "products) or table (slopes fitted to the multiplier's products, of at most 10 fraction bits)")
        ->check(CLI::IsMember({"ste", "table"}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--backward-mul", f.backward.mul,
                    "Multiplier of gradients through linear and convolution nodes (default exact@fp32)")
        ->group(group);
    sub->add_option("--backward-add", f.backward.add, "... and adder (default exact@fp32)")->group(group);
    sub->add_option("--config", f.config, "TOML file with the units of single layers")->group(group);
    sub->add_option("--weights", f.weights,
                    "Format of the copies of the weights that the forward and backward passes take; the weights that "
                    "are updated stay in binary32")
        ->group(group);
    sub->add_option("--jit", f.jit, "Kernels compiled for the arithmetic: auto, off, or required; changes no result")
        ->check(CLI::IsMember({"auto", "off", "required"}))
        ->group(group);
    sub->add_option_function<std::string>(
           "--spike-multiply", [&f](const std::string& text) { f.multiply_spikes = text == "on"; },
           "Send spikes of amplitude 1 through the multiplier too: on or off (default)")
        ->check(CLI::IsMember({"on", "off"}))
        ->group(group);
}

void add_training(CLI::App* sub, TrainFlags& f) {
    const char* const group = "Training";
    sub->add_option("--epochs", f.epochs, "Times that all samples are trained on")
        ->check(CLI::Range(1u, 100000u))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--batch", f.batch, "Samples of an update")
        ->check(CLI::Range(std::size_t{1}, std::size_t{65536}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--lr", f.rate, "Learning rate")->check(CLI::PositiveNumber)->capture_default_str()->group(group);
    sub->add_option("--optimizer", f.optimizer, "sgd (with momentum), adam or adamw")
        ->check(CLI::IsMember({"sgd", "adam", "adamw"}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--momentum", f.optimizing.momentum, "sgd: momentum")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--weight-decay", f.optimizing.weight_decay,
                    "Decay of weights (biases and normalisation have none)")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--clip", f.optimizing.clip, "Largest norm of all gradients together; 0: any")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--schedule", f.schedule, "Learning rate: constant, step, cosine or plateau (of the loss)")
        ->check(CLI::IsMember({"constant", "step", "cosine", "plateau"}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--schedule-factor", f.scheduling.factor, "step, plateau: factor of the rate")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_option("--schedule-every", f.scheduling.every, "step: epochs between; plateau: epochs to wait")
        ->check(CLI::Range(1u, 100000u))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--warm-up", f.scheduling.warm_up, "Updates over which the rate rises from 0")->group(group);
    sub->add_option("--loss", f.loss,
                    "cross-entropy or mse (of the read-out), spike-count (rates of spikes), membrane (cross entropy "
                    "in every step)")
        ->check(CLI::IsMember({"cross-entropy", "mse", "spike-count", "membrane"}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--surrogate", f.surrogate,
                    "Derivative of a spike: fast-sigmoid, arctan, triangular or rectangular")
        ->check(CLI::IsMember({"fast-sigmoid", "arctan", "triangular", "rectangular"}))
        ->capture_default_str()
        ->group(group);
    sub->add_option("--slope", f.gradient.slope, "... and its slope")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->group(group);
    sub->add_flag_callback(
           "--reset-gradient", [&f] { f.gradient.detach_reset = false; },
           "Gradients also pass through the reset of neurons")
        ->group(group);
    sub->add_option("--truncate", f.gradient.truncate,
                    "Gradients pass back in time only within blocks of so many steps; 0: through all")
        ->capture_default_str()
        ->group(group);
    sub->add_option("--patience", f.patience,
                    "End after so many epochs without a higher test accuracy, with the network of the best epoch")
        ->group(group);
    sub->add_option("--seed", f.seed, "Seed of every random number")->capture_default_str()->group(group);
}

void add_output(CLI::App* sub, TrainFlags& f) {
    sub->add_option("--threads", f.threads, "Threads; default: all of the machine; changes no result")
        ->check(CLI::Range(1u, 4096u));
    sub->add_option("-o,--output", f.output, "Model file to write (.h5)")->required();
    sub->add_option("--curves", f.curves, "SVG file of loss and accuracies to write");
    sub->add_option("--checkpoint", f.checkpoint, "Checkpoint file; default: the output's name in .checkpoint.h5");
    sub->add_option("--checkpoint-every", f.checkpoint_steps,
                    "A checkpoint after so many updates, too; else every minute and after each epoch");
    sub->add_flag("--resume", f.resume, "Go on with the checkpoint, where there is one; the result is the same bits");
    sub->add_flag("--force", f.force, "Replace the output if it exists");
    sub->add_flag("--json", f.json, "Print the summary as one JSON object on standard output");
    sub->add_flag("-q,--quiet", f.quiet, "No progress and no summary in words");
}

}  // namespace

void add_train(CLI::App& app) {
    auto f = std::make_shared<TrainFlags>();
    CLI::App* sub = app.add_subcommand("train", "Train a network");
    sub->add_option("--model", f->model,
                    "Network: " + train::known_networks() + ", or a TOML file that describes one (docs/training.md)")
        ->required();
    sub->add_option("--classes", f->classes, "Outputs of a network with a name")
        ->check(CLI::Range(std::size_t{1}, std::size_t{100000}))
        ->capture_default_str();
    add_data(sub, *f);
    add_arithmetic(sub, *f);
    add_training(sub, *f);
    add_output(sub, *f);
    sub->footer(
        "Examples:\n"
        "  axfire train --model lenet5 --data fashion-mnist -o lenet5.h5\n"
        "  axfire train --model snn-conv --data fashion-mnist -T 8 --mul 'drum(k=6)@bf16' -o snn.h5 --curves c.svg");
    sub->callback([f] { train_command(*f); });
}

void add_retrain(CLI::App& app) {
    auto f = std::make_shared<TrainFlags>();
    f->again = true;
    f->rate = 1e-4;
    CLI::App* sub = app.add_subcommand("retrain", "Train a trained network further, as in an approximate arithmetic");
    sub->add_option("MODEL", f->model, "Network: NIR, ONNX, Keras (Sequential, .h5) or a model file of Axfire (.h5)")
        ->required();
    sub->add_option_function<std::string>(
           "--fold-bn", [f](const std::string& text) { f->fold_batch_norm = text == "on"; },
           "Batch normalisation folded into the layer before it first: on (default), or off: trained on as it is")
        ->check(CLI::IsMember({"on", "off"}));
    add_data(sub, *f);
    add_arithmetic(sub, *f);
    add_training(sub, *f);
    add_output(sub, *f);
    sub->footer("Example:\n  axfire retrain lenet5.onnx --data mnist:DIR --add 'loa(k=16)@fp32' --epochs 1 -o out.h5");
    sub->callback([f] { train_command(*f); });
}

}  // namespace axfire::cli
