// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/timing.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "engine/simulation/device/device_simulation.h"

namespace axfire {

namespace {

/// Keeps a stream from what is put into it until all of it is there, so that kernels which take less time than their
/// launch are not timed with it.
class Gate {
public:
    explicit Gate(const cuda::Stream& stream) : stream_(stream) {}
    ~Gate() {
        open();
        cuda::driver().cuStreamSynchronize(stream_.handle());
    }

    void close() {
        if (!fills_up_) {
            {
                const std::lock_guard guard(mutex_);
                ++closed_;
            }
            AXFIRE_CUDA(cuLaunchHostFunc, stream_.handle(), wait, this);
        }
    }
    void open() {
        const std::lock_guard guard(mutex_);
        opened_ = closed_;
        changed_.notify_all();
    }

private:
    /// Called by the driver when the stream comes there, in the order of close().
    static void wait(void* self) {
        constexpr std::chrono::seconds kMost(1);
        Gate& gate = *static_cast<Gate*>(self);
        std::unique_lock lock(gate.mutex_);
        const std::size_t mine = ++gate.reached_;
        if (!gate.changed_.wait_for(lock, kMost, [&] { return gate.opened_ >= mine; })) {
            gate.fills_up_ = true;  // the stream takes no more while it is closed
        }
    }

    const cuda::Stream& stream_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t closed_ = 0, reached_ = 0, opened_ = 0;
    std::atomic<bool> fills_up_ = false;
};

/// Marks in a stream, all read at the end, so that nothing waits.
class Stopwatch {
public:
    explicit Stopwatch(const cuda::Stream& stream) : stream_(stream) {}

    /// The time of what is put into the stream from now on belongs to no kernel.
    void pass() { mark(); }
    /// ... since the last mark belongs to kernel `kernel` of node `node`.
    void take(std::size_t node, std::size_t kernel) {
        mark();
        taken_.push_back({node, kernel, marks_.size() - 1});
    }
    /// Adds what was taken. The stream has been waited for.
    void add_to(std::vector<std::vector<KernelTime>>& nodes) const {
        for (const Taken& t : taken_) {
            KernelTime& time = nodes[t.node][t.kernel];
            time.milliseconds += marks_[t.mark]->since(*marks_[t.mark - 1]);
            ++time.launches;
        }
    }

private:
    struct Taken {
        std::size_t node, kernel, mark;
    };
    void mark() {
        marks_.push_back(std::make_unique<cuda::Event>(cuda::Event::Time::measured));
        stream_.record(*marks_.back());
    }

    const cuda::Stream& stream_;
    std::vector<std::unique_ptr<cuda::Event>> marks_;
    std::vector<Taken> taken_;
};

}  // namespace

StepTimes DeviceSimulation::time_kernels(std::vector<EncodedSample> samples) {
    using When = DeviceProgram::When;
    send(std::move(samples));
    Batch batch;
    batch.count = input_.count();
    batch.constant = input_.is_constant();
    batch.results.resize(batch.count);
    const std::size_t nodes = 3 + order_.size();  // input, those of the network, read-out, what is remembered
    Stopwatch watch(stream_);
    Gate gate(stream_);
    const auto run = [&](std::size_t node, When when) {
        program_->run(node, when, stream_, [&](std::size_t kernel) { watch.take(node, kernel); });
    };
    program_->begin(static_cast<u32>(batch.count), input_.first_sample(), stream_);
    for (u32 t = 0; t < steps_; ++t) {
        program_->set_step(t, stream_);
        input_.bring(t, stream_);
        gate.close();
        watch.pass();
        for (std::size_t node = 0; node < nodes - 1; ++node) {
            const bool of_network = node != 0 && node <= order_.size();
            if (t == 0 || !of_network || !batch.constant || !simulation_.steady_[order_[node - 1]]) {
                run(node, When::in_step);
            }
        }
        for (std::size_t node = 1; node < nodes; ++node) {
            run(node, When::at_end);
        }
        gate.open();
        input_.end(t, stream_);
    }
    fetch(batch.count, left_[turn_]);
    turn_ ^= 1;
    begun_.push_back(std::move(batch));
    const bool constant = begun_.back().constant;
    const std::vector<SampleResult> results = finish();

    std::vector<std::vector<KernelTime>> times(nodes);
    for (std::size_t node = 0; node < nodes; ++node) {
        for (DeviceProgram::Kernel& kernel : program_->kernels(node)) {
            times[node].push_back({std::move(kernel), 0, 0, 0, 0});
        }
    }
    watch.add_to(times);
    StepTimes step;
    for (std::vector<KernelTime>& node : times) {
        for (KernelTime& time : node) {
            time.constants = time.launches * time.kernel.constants;
            time.signals = time.launches * results.size() * time.kernel.signals;
        }
    }
    for (std::size_t l = 0; l < simulation_.layers().size(); ++l) {
        const std::size_t node = simulation_.layers()[l].node;
        LayerTime& layer = step.layers.emplace_back();
        layer.steps = constant && simulation_.steady_[node] ? 1 : steps_;
        for (const SampleResult& result : results) {
            layer.counts += result.counts[l];
        }
        layer.constants = program_->node(1 + place_of(node)).constants;
        std::size_t elements = arrays_[node].size;
        for (const DeviceSource& source : sources_of(node)) {
            elements += source.size;
        }
        layer.signals = layer.steps * results.size() * elements * sizeof(u32);
        layer.kernels = std::move(times[1 + place_of(node)]);
        for (const KernelTime& time : layer.kernels) {
            layer.milliseconds += time.milliseconds;
        }
    }
    for (const std::size_t node : {std::size_t{0}, nodes - 2, nodes - 1}) {
        std::move(times[node].begin(), times[node].end(), std::back_inserter(step.between));
    }
    return step;
}

}  // namespace axfire
