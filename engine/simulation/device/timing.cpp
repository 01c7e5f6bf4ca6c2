// SPDX-License-Identifier: Apache-2.0
// How long the kernels of each layer take.
#include <algorithm>

#include "engine/simulation/device/device_simulation.h"

namespace axfire {

std::vector<DeviceSimulation::LayerTime> DeviceSimulation::time_layers(std::vector<EncodedSample> samples) {
    using When = DeviceProgram::When;
    send(std::move(samples));
    const std::size_t count = input_.count();
    const bool constant = input_.is_constant();
    const u32 first_sample = input_.first_sample();
    // A mark before each node and one behind the last, in each step; all are read at the end, so that nothing waits.
    const std::size_t marks = order_.size() + 1;
    std::vector<std::unique_ptr<cuda::Event>> mark(steps_ * marks);
    for (auto& event : mark) {
        event = std::make_unique<cuda::Event>(cuda::Event::Time::measured);
    }
    program_->begin(static_cast<u32>(count), first_sample, stream_);
    for (u32 t = 0; t < steps_; ++t) {
        program_->set_step(t, stream_);
        input_.bring(t, stream_);
        program_->run(0, When::in_step, stream_);
        for (std::size_t i = 0; i < order_.size(); ++i) {
            stream_.record(*mark[t * marks + i]);
            if (t == 0 || !constant || !simulation_.steady_[order_[i]]) {
                program_->run(1 + i, When::in_step, stream_);
            }
        }
        stream_.record(*mark[t * marks + order_.size()]);
        program_->run(1 + order_.size(), When::in_step, stream_);
        for (std::size_t i = 0; i < order_.size(); ++i) {
            program_->run(1 + i, When::at_end, stream_);
        }
        program_->run(2 + order_.size(), When::at_end, stream_);
        input_.end(t, stream_);
    }
    fetch(count, left_[turn_]);
    turn_ ^= 1;
    Batch& batch = begun_.emplace_back();
    batch.count = count;
    batch.constant = constant;
    batch.results.resize(count);
    const std::vector<SampleResult> results = finish();
    std::vector<LayerTime> times;
    for (std::size_t l = 0; l < simulation_.layers().size(); ++l) {
        const std::size_t node = simulation_.layers()[l].node;
        const std::size_t i = place_of(node);
        LayerTime time{};
        time.steps = constant && simulation_.steady_[node] ? 1 : steps_;
        for (u32 t = 0; t < time.steps; ++t) {
            time.milliseconds += mark[t * marks + i + 1]->since(*mark[t * marks + i]);
        }
        for (const SampleResult& result : results) {
            time.counts += result.counts[l];
        }
        time.constants = program_->node(1 + i).constants;
        std::size_t elements = arrays_[node].size;
        for (const DeviceSource& source : sources_of(node)) {
            elements += source.size;
        }
        time.signals = time.steps * count * elements * sizeof(u32);
        times.push_back(time);
    }
    return times;
}

}  // namespace axfire
