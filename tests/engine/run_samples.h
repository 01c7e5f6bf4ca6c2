// SPDX-License-Identifier: Apache-2.0
// Runs to write in the tests of run files and reports: every value follows from the sample's number.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "arith/error.h"
#include "engine/record/run_file.h"
#include "tests/support/temporary_folder.h"

namespace axfire::testing {

inline constexpr std::uint32_t kSteps = 20;
inline constexpr std::size_t kHidden = 30;
inline constexpr std::size_t kOutputs = 4;

/// Exit status of `python arguments`, without the sanitizers' preloaded libraries; AXFIRE_PYTHON names the interpreter.
inline int run_python(const std::string& arguments) {
    const char* python = std::getenv("AXFIRE_PYTHON");
    const std::string command =
        std::string("env -u LD_PRELOAD ") + (python != nullptr ? python : "/usr/bin/python3") + " " + arguments;
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

inline constexpr int kModuleMissing = 77;  ///< of tests/engine/check_run_file.py

/// Two populations: "conv.1/if" with spikes, "out" with spikes and membranes.
inline RunFileOptions run_options(const std::filesystem::path& path) {
    RunFileOptions options;
    options.path = path;
    options.dt_ms = 0.5;
    options.steps = kSteps;
    options.samples = 8;
    options.populations = {{"conv.1/if", "if", kHidden, {2, 3, 5}, true, false}, {"out", "lif", kOutputs, {kOutputs}}};
    options.populations[1].spikes = true;
    options.populations[1].membrane = true;
    options.populations[1].threshold = 1;
    options.configuration = R"({"model": "tiny.nir", "arithmetic": {"mul": "exact@fp32", "add": "loa(k=12)@fp32"}})";
    options.seed = 0xFEDCBA9876543210;
    options.version = "1.2.3";
    options.layers = {{"fc", "affine", kHidden}, {"conv.1/if", "if", kHidden}, {"out", "lif", kOutputs}};
    return options;
}

/// Sample s: neuron n of the hidden layer spikes in steps t with (t + n + s) % 7 == 0, output n in step n + s % 10.
inline SampleRecord run_sample(std::size_t s) {
    SampleRecord sample;
    sample.label = static_cast<std::int32_t>(s % 4);
    sample.prediction = static_cast<std::int32_t>(s % 3);
    sample.populations.resize(2);
    Trace& hidden = sample.populations[0];
    Trace& out = sample.populations[1];
    for (std::uint32_t t = 0; t < kSteps; ++t) {
        for (std::uint32_t n = 0; n < kHidden; ++n) {
            if ((t + n + s) % 7 == 0) {
                hidden.spike_step.push_back(t);
                hidden.spike_neuron.push_back(n);
            }
        }
        for (std::uint32_t n = 0; n < kOutputs; ++n) {
            if (t == n + s % 10) {
                out.spike_step.push_back(t);
                out.spike_neuron.push_back(n);
            }
            out.membrane.push_back(static_cast<float>(s) + 0.01f * static_cast<float>(t) - static_cast<float>(n));
        }
    }
    for (std::size_t n = 0; n < kOutputs; ++n) {
        sample.readout.push_back(static_cast<float>(s) + 0.25f * static_cast<float>(n));
    }
    sample.spikes_per_layer = {0, static_cast<std::uint32_t>(hidden.spike_step.size()), kOutputs};
    return sample;
}

/// The layers of run_options() after `samples` samples.
inline std::vector<LayerTotals> run_totals(std::size_t samples) {
    std::vector<LayerTotals> layers = run_options("").layers;
    for (std::size_t s = 0; s < samples; ++s) {
        const SampleRecord sample = run_sample(s);
        for (std::size_t i = 0; i < layers.size(); ++i) {
            layers[i].spikes += sample.spikes_per_layer[i];
        }
    }
    layers[0].synaptic_operations = 1000 * samples;
    layers[0].multiplications = 900 * samples;
    layers[1].neuron_updates = kSteps * kHidden * samples;
    layers[2].neuron_updates = kSteps * kOutputs * samples;
    return layers;
}

/// Writes samples 0 .. count - 1 and, where `finish`, the totals.
inline void write_run(const std::filesystem::path& path, std::size_t count, bool finish = true, unsigned deflate = 4) {
    RunFileOptions options = run_options(path);
    options.deflate = deflate;
    RunFile file(options);
    for (std::size_t s = 0; s < count; ++s) {
        file.append({run_sample(s)});
    }
    if (finish) {
        file.finish(run_totals(count), R"({"accuracy": 0.5})");
    }
}

/// A finished run of one sample with one population, whose spikes are recorded; `change` fills both in.
template <class Change>
void write_single(const std::filesystem::path& path, std::size_t neurons, std::uint32_t steps, Change change,
                  const std::string& name = "n") {
    RunFileOptions options;
    options.path = path;
    options.steps = steps;
    options.samples = 1;
    options.populations = {{name, "lif", neurons, {neurons}, true, false}};
    SampleRecord sample;
    sample.populations.resize(1);
    change(options, sample);
    RunFile file(options);
    file.append({sample});
    file.finish({}, "{}");
}

/// Text of the InputError that `action` throws; empty if it throws none.
template <class Action>
std::string input_error(Action action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

}  // namespace axfire::testing
