// SPDX-License-Identifier: Apache-2.0
// A simulation on a CUDA device: a batch of samples side by side, step by step, with the bits of Simulation::run.
#pragma once

#include <span>

#include "engine/simulation/device/program.h"
#include "engine/simulation/simulation.h"

namespace axfire {

struct DeviceOptions {
    cuda::DeviceInfo device;
    std::size_t samples = 32;  ///< side by side, at most; fewer where memory is short
    u32 steps = 1;             ///< of every sample
    std::size_t memory = 0;    ///< bytes of the device; 0: nine tenths of what is free
    Notice notice;             ///< of compilations and of smaller batches
};

/// Belongs to the thread that makes it.
class DeviceSimulation {
public:
    /// Compiles the kernels and reserves the memory. Throws NotOnDevice for a network or a unit that the device cannot
    /// run, or where not even one sample fits; cuda::Error for what the driver refuses.
    DeviceSimulation(const Simulation& simulation, const DeviceOptions& options);

    /// The most samples that run() takes.
    std::size_t batch() const { return program_->samples(); }
    /// What is held on the device.
    std::size_t bytes() const { return program_->bytes(); }
    const cuda::DeviceInfo& device() const { return context_.device(); }

    /// Runs the samples, of which each number in the data set is one more than that before it, from rest.
    std::vector<SampleResult> run(std::span<const EncodedSample> samples, const std::vector<TraceRequest>& traces,
                                  bool predict_every_step);

private:
    struct Arrays {
        u32* out = nullptr;
        u32* previous = nullptr;  ///< of the last step, where it is needed
        std::size_t size = 0;
    };
    void choose_batch(const DeviceOptions& options);
    std::unique_ptr<DeviceProgram> build(u32 samples, bool measure);
    void describe_input(DeviceProgram& program);
    std::vector<DeviceSource> sources_of(std::size_t node) const;
    void send_input(std::span<const EncodedSample> samples);
    void send_values(std::span<const EncodedSample> samples, u32 t);
    void step(u32 first_sample, u32 t, bool constant_input);
    void trace(std::size_t count, u32 t, const std::vector<TraceRequest>& traces, std::vector<SampleResult>& results);
    void predict(std::size_t count, std::vector<SampleResult>& results);
    void finish(std::size_t count, bool constant_input, std::vector<SampleResult>& results);
    /// The values of an array of n elements, [count][padded(n)].
    std::vector<u32> receive(const u32* array, std::size_t n, std::size_t count) const;

    const Simulation& simulation_;
    cuda::Context context_;
    cuda::Stream stream_;
    u32 steps_;
    std::unique_ptr<DeviceProgram> program_;
    std::vector<std::size_t> order_;  ///< nodes of the network by nodes of the program, without the input
    std::vector<Arrays> arrays_;      ///< by node of the network
    u32* readout_ = nullptr;
    u32* event_begin_ = nullptr;      ///< FeedArgs::begin
    u32* event_addresses_ = nullptr;  ///< FeedArgs::events
    cuda::Memory events_;             ///< of a batch: indices, then amplitudes
    std::size_t event_capacity_ = 0;
    Simulation::Workspace host_;  ///< where results are put together
};

}  // namespace axfire
