// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/run_on_device.h"

#include <algorithm>
#include <exception>
#include <future>

namespace axfire {

namespace {

/// Samples first .. first + count - 1, encoded. Throws the error of the first that has one.
std::vector<EncodedSample> read_batch(std::size_t first, std::size_t count, const Simulation& simulation,
                                      const Dataset& data, const RunOptions& options) {
    std::vector<EncodedSample> samples(count);
    std::vector<std::exception_ptr> errors(count);
#pragma omp parallel for schedule(dynamic) num_threads(static_cast <int>(std::max(1u, options.threads)))
    for (std::size_t i = 0; i < count; ++i) {
        try {
            samples[i] = encode(data.load(first + i), simulation.input_size(), first + i, options.encoder);
        } catch (...) {
            errors[i] = std::current_exception();
        }
    }
    for (const std::exception_ptr& error : errors) {
        if (error) {
            std::rethrow_exception(error);
        }
    }
    return samples;
}

}  // namespace

Schedule schedule_of(const DeviceSimulation& device, const Simulation& simulation) {
    return {1, 1, simulation.parts(), 1, device.batch(), device.bytes()};
}

void run_on_device(DeviceSimulation& device, const Simulation& simulation, const Dataset& data,
                   const RunOptions& options,
                   const std::function<void(std::size_t first, std::span<FinishedSample>)>& hand_on) {
    const std::size_t batch = device.batch();
    const auto read = [&](std::size_t first) {
        const std::size_t count = std::min(batch, options.samples - std::min(first, options.samples));
        return read_batch(first, count, simulation, data, options);
    };
    std::future<std::vector<EncodedSample>> next = std::async(std::launch::async, read, 0);
    for (std::size_t first = 0; first < options.samples; first += batch) {
        const std::vector<EncodedSample> samples = next.get();
        next = std::async(std::launch::async, read, first + batch);
        std::vector<SampleResult> results = device.run(samples, options.traces, options.predict_every_step);
        std::vector<FinishedSample> finished(samples.size());
        for (std::size_t i = 0; i < samples.size(); ++i) {
            finished[i] = {samples[i].label, std::move(results[i]), samples[i].dropped, 0};
            finished[i].hash = sample_hash(finished[i].result.hash_words);
            finished[i].result.hash_words = {};
        }
        hand_on(first, finished);
    }
}

}  // namespace axfire
