// SPDX-License-Identifier: Apache-2.0
// A simulation on a CUDA device: a batch of samples side by side, step by step, with the bits of Simulation::run.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>

#include "engine/backend/cuda/graph.h"
#include "engine/simulation/device/input.h"
#include "engine/simulation/device/recording.h"
#include "engine/simulation/device/timing.h"
#include "engine/simulation/simulation.h"

namespace axfire {

struct DeviceOptions {
    cuda::DeviceInfo device;
    std::size_t samples = 32;                        ///< side by side, at most; fewer where memory is short
    u32 steps = 1;                                   ///< of every sample
    std::size_t memory = 0;                          ///< bytes of the device; 0: nine tenths of what is free
    std::optional<u64> poisson = {};                 ///< events are drawn there, with this seed, from probabilities
    Notice notice;                                   ///< of compilations and of smaller batches
    std::size_t block_words = std::size_t{4} << 20;  ///< of several steps' values, in which inputs and recordings go
};

/// Any thread may use it, one at a time.
class DeviceSimulation {
public:
    /// Compiles the kernels and reserves the memory. Throws NotOnDevice for a network or a unit that the device cannot
    /// run, or where not even one sample fits; cuda::Error for what the driver refuses.
    DeviceSimulation(const Simulation& simulation, const DeviceOptions& options);
    ~DeviceSimulation();

    /// The most samples that a batch may have.
    std::size_t batch() const { return program_->samples(); }
    /// What is held on the device.
    std::size_t bytes() const { return program_->bytes(); }
    const cuda::DeviceInfo& device() const { return context_.device(); }
    /// Samples are to be encoded with EncoderOptions::draws_later.
    bool draws() const { return input_.draws(); }

    /// Begins to upload a batch: samples of which each number in the data set is one more than that before it.
    void send(std::vector<EncodedSample> samples);
    /// Gives the device the batch that was sent, to be run from rest. At most one other may be unfinished then, which
    /// is run first.
    void begin(const std::vector<TraceRequest>& traces, bool predict_every_step);
    std::size_t unfinished() const { return begun_.size(); }
    /// Waits for the batch that was begun first, and returns its results.
    std::vector<SampleResult> finish();

    /// Runs one batch and times each kernel of its steps.
    StepTimes time_kernels(std::vector<EncodedSample> samples);

    /// One batch by itself.
    std::vector<SampleResult> run(std::span<const EncodedSample> samples, const std::vector<TraceRequest>& traces,
                                  bool predict_every_step);

private:
    struct Arrays {
        u32* out = nullptr;
        u32* previous = nullptr;  ///< of the last step, where it is needed
        std::size_t size = 0;
    };
    struct Batch {
        std::size_t count = 0;
        bool constant = false;
        std::vector<SampleResult> results;
    };
    /// What a batch leaves, as it comes from the device.
    struct Left {
        cuda::HostMemory words;
        cuda::Event fetched;
    };
    static DeviceInput::Kind kind_of_input(const Simulation& simulation, const DeviceOptions& options);
    void choose_batch(const DeviceOptions& options);
    std::unique_ptr<DeviceProgram> build(u32 samples, bool measure);
    std::vector<DeviceSource> sources_of(std::size_t node) const;
    /// The place in order_ of a node.
    std::size_t place_of(std::size_t node) const;
    void step(bool steady);
    /// Sees to it that the steps of the batch are recorded as is asked for.
    void record(Batch& batch, const std::vector<TraceRequest>& traces, bool predict_every_step);
    void trace(Batch& batch, u32 t, const TraceRequest& request, const u32* out, const u32* v, std::size_t r);
    /// Calls visit(array, words) for each array that a batch leaves.
    template <class Visit>
    void visit_left(std::size_t count, const Visit& visit) const;
    /// Has what the batch leaves fetched.
    void fetch(std::size_t count, Left& left);
    void assemble(Batch& batch, const Left& left);

    const Simulation& simulation_;
    cuda::Context context_;
    cuda::Stream stream_;
    u32 steps_;
    DeviceInput input_;
    std::unique_ptr<DeviceProgram> program_;
    std::vector<std::size_t> order_;  ///< nodes of the network by nodes of the program, without the input
    std::vector<Arrays> arrays_;      ///< by node of the network
    u32* readout_ = nullptr;
    std::map<std::pair<std::size_t, bool>, cuda::Repeated> repeated_;  ///< steps, by samples and whether steady
    DeviceRecording recording_;
    Left left_[2];
    std::size_t turn_ = 0;  ///< of left_, for the next batch
    std::deque<Batch> begun_;
    Simulation::Workspace host_;  ///< where results are put together
};

}  // namespace axfire
