// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/device_simulation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "engine/backend/cuda/nvrtc.h"

namespace axfire {

using cuda::Address;
using When = DeviceProgram::When;

namespace {

double mebibytes(std::size_t bytes) {
    return static_cast<double>(bytes) / (1 << 20);
}

u32 bits_of(float x) {
    return std::isnan(x) ? kCanonicalNan : std::bit_cast<u32>(x);
}

}  // namespace

DeviceSimulation::DeviceSimulation(const Simulation& simulation, const DeviceOptions& options)
    : simulation_(simulation), context_(options.device), steps_(options.steps), host_(simulation) {
    choose_batch(options);
    const Notice silent = [](const std::string&) {};
    try {
        program_->load(options.device, options.notice ? options.notice : silent);
    } catch (const InputError& error) {  // a user's file that a device's compiler does not take
        throw NotOnDevice(error.what());
    } catch (const cuda::Error& error) {
        throw NotOnDevice(fmt::format("{}; the kernels are by NVRTC {}, which may be newer than the driver",
                                      error.what(), cuda::nvrtc().version));
    }
}

void DeviceSimulation::choose_batch(const DeviceOptions& options) {
    const std::size_t one = build(1, true)->bytes();
    const std::size_t each = build(2, true)->bytes() - one;
    const std::size_t allowed = options.memory != 0 ? options.memory : context_.free_memory() / 10 * 9;
    if (one > allowed) {
        throw NotOnDevice(fmt::format("one sample takes {:.1f} MiB of cuda:{}, and {:.1f} are {}", mebibytes(one),
                                      options.device.number, mebibytes(allowed),
                                      options.memory != 0 ? "allowed by --memory" : "free"));
    }
    constexpr std::size_t kMostSamples = 65535;  // blocks in y
    std::size_t samples = std::clamp<std::size_t>(options.samples, 1, kMostSamples);
    samples = std::min(samples, 1 + (allowed - one) / std::max<std::size_t>(each, 1));
    for (;; samples /= 2) {
        try {
            program_ = build(static_cast<u32>(samples), false);
            return;
        } catch (const cuda::Error& error) {
            if (error.code != cuda::kOutOfMemory) {
                throw;
            }
            program_.reset();
            if (samples == 1) {
                throw NotOnDevice(fmt::format("one sample takes {:.1f} MiB of cuda:{}, which are not to be had",
                                              mebibytes(one), options.device.number));
            }
            if (options.notice) {
                options.notice(fmt::format("cuda:{} has no memory for {} samples at once: {} at once",
                                           options.device.number, samples, samples / 2));
            }
        }
    }
}

std::unique_ptr<DeviceProgram> DeviceSimulation::build(u32 samples, bool measure) {
    auto program = std::make_unique<DeviceProgram>(samples, measure);
    const Simulation& s = simulation_;
    arrays_.assign(s.stages_.size(), {});
    order_.clear();
    program->begin_node({});
    std::vector<std::size_t> emitting{s.input_};
    for (const std::size_t n : s.topology_.order) {
        if (s.stages_[n] != nullptr) {
            emitting.push_back(n);
        }
    }
    for (const std::size_t n : emitting) {
        Arrays& a = arrays_[n];
        a.size = element_count(s.topology_.shape[n]);
        a.out = program->array(a.size, kAbsent);
        a.previous = s.remembered_[n] ? program->array(a.size, kAbsent) : nullptr;
    }
    describe_input(*program);
    for (const std::size_t n : s.topology_.order) {
        if (s.stages_[n] == nullptr) {
            continue;
        }
        program->begin_node({s.seed_, 0, 0, s.place_[n]});
        const auto layer =
            std::find_if(s.layers_.begin(), s.layers_.end(), [&](const Layer& l) { return l.node == n; });
        try {
            s.stages_[n]->describe(sources_of(n), arrays_[n].out, *program);
        } catch (const NotOnDevice& error) {
            throw NotOnDevice(fmt::format("node '{}' ({}): {}", layer->name, layer->type, error.what()));
        }
        order_.push_back(n);
    }
    program->begin_node({});
    readout_ = program->array(s.output_size_, 0);
    const Arrays& output = arrays_[s.output_.node];
    program->launch("ReadOut",
                    device::ReadoutArgs{static_cast<u32>(s.output_size_), s.readout_ != Readout::last,
                                        s.output_.previous ? output.previous : output.out, readout_},
                    s.output_size_);
    program->begin_node({});
    for (const Arrays& a : arrays_) {
        if (a.previous != nullptr) {
            program->copy(a.previous, a.out, a.size, When::at_end);
        }
    }
    return program;
}

void DeviceSimulation::describe_input(DeviceProgram& program) {
    const Arrays& input = arrays_[simulation_.input_];
    if (!simulation_.events_[simulation_.input_]) {
        return;  // values are copied
    }
    event_begin_ = program.array(steps_ + 1, 0);
    event_addresses_ = program.array(4, 0);  // the first sample's serves all
    program.fill(input.out, input.size, kAbsent);
    program.launch("FeedEvents",
                   device::FeedArgs{static_cast<u32>(input.size), steps_, event_begin_,
                                    reinterpret_cast<const device::EventArrays*>(event_addresses_), input.out},
                   256, When::in_step, 256);
}

std::vector<DeviceSource> DeviceSimulation::sources_of(std::size_t node) const {
    const Simulation& s = simulation_;
    std::vector<DeviceSource> sources;
    const auto add = [&](std::size_t from, bool previous) {
        const Arrays& a = arrays_[from];
        sources.push_back({previous ? a.previous : a.out, static_cast<bool>(s.events_[from]), a.size});
    };
    for (const std::size_t from : s.topology_.feed_forward[node]) {
        const Simulation::Origin origin = s.origin(from);
        add(origin.node, origin.previous);
    }
    for (const std::size_t from : s.topology_.recurrent[node]) {
        add(from, true);
    }
    return sources;
}

/// The events of all steps of all samples, by addresses that the program knows; or the values of the first step.
void DeviceSimulation::send_input(std::span<const EncodedSample> samples) {
    if (!simulation_.events_[simulation_.input_]) {
        send_values(samples, 0);
        return;
    }
    const std::size_t stride = padded(steps_ + 1);
    std::vector<u32> begin(samples.size() * stride);
    std::vector<u32> index, amplitude;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        for (u32 t = 0; t <= steps_; ++t) {
            begin[i * stride + t] = static_cast<u32>(index.size()) + samples[i].step_begin[t];
        }
        index.insert(index.end(), samples[i].index.begin(), samples[i].index.end());
        for (const float a : samples[i].amplitude) {
            amplitude.push_back(std::bit_cast<u32>(a));
        }
    }
    if (index.size() > event_capacity_ || event_capacity_ == 0) {
        event_capacity_ = index.size() + index.size() / 4 + 1;
        events_ = cuda::Memory();
        events_ = cuda::Memory(2 * event_capacity_ * sizeof(u32));
    }
    const Address amplitudes = events_.address() + event_capacity_ * sizeof(u32);
    const Address addresses[] = {events_.address(), amplitudes};
    const auto send = [&](Address to, const void* from, std::size_t bytes) {
        if (bytes != 0) {
            AXFIRE_CUDA(cuMemcpyHtoDAsync, to, from, bytes, stream_.handle());
        }
    };
    send(events_.address(), index.data(), index.size() * sizeof(u32));
    send(amplitudes, amplitude.data(), amplitude.size() * sizeof(u32));
    send(reinterpret_cast<Address>(event_begin_), begin.data(), begin.size() * sizeof(u32));
    send(reinterpret_cast<Address>(event_addresses_), addresses, sizeof addresses);
    stream_.synchronize();
}

void DeviceSimulation::send_values(std::span<const EncodedSample> samples, u32 t) {
    const Arrays& input = arrays_[simulation_.input_];
    const std::size_t stride = padded(static_cast<u32>(input.size));
    std::vector<u32> values(samples.size() * stride);
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const float* from = samples[i].values.data() + (samples[i].constant ? 0 : t * input.size);
        std::transform(from, from + input.size, values.begin() + static_cast<std::ptrdiff_t>(i * stride), bits_of);
    }
    AXFIRE_CUDA(cuMemcpyHtoDAsync, reinterpret_cast<Address>(input.out), values.data(), values.size() * sizeof(u32),
                stream_.handle());
    stream_.synchronize();
}

void DeviceSimulation::step(u32 first_sample, u32 t, bool constant_input) {
    const device::Step step{first_sample, t};
    program_->run(0, When::in_step, step, stream_);
    const auto steady = [&](std::size_t i) { return simulation_.steady_[order_[i]] && constant_input && t != 0; };
    for (std::size_t i = 0; i < order_.size(); ++i) {
        if (!steady(i)) {
            program_->run(1 + i, When::in_step, step, stream_);
        }
    }
    program_->run(1 + order_.size(), When::in_step, step, stream_);
    for (std::size_t i = 0; i < order_.size(); ++i) {
        program_->run(1 + i, When::at_end, step, stream_);
    }
}

std::vector<u32> DeviceSimulation::receive(const u32* array, std::size_t n, std::size_t count) const {
    std::vector<u32> values(count * padded(static_cast<u32>(n)));
    AXFIRE_CUDA(cuMemcpyDtoHAsync, values.data(), reinterpret_cast<Address>(array), values.size() * sizeof(u32),
                stream_.handle());
    stream_.synchronize();
    return values;
}

std::vector<SampleResult> DeviceSimulation::run(std::span<const EncodedSample> samples,
                                                const std::vector<TraceRequest>& traces, bool predict_every_step) {
    const std::size_t count = samples.size();
    const u32 first_sample = static_cast<u32>(samples.front().sample_index);
    const bool values = !simulation_.events_[simulation_.input_];
    const bool constant =
        values && std::all_of(samples.begin(), samples.end(), [](const EncodedSample& s) { return s.constant; });
    if (simulation_.rounds_stochastically_ && steps_ > 1u << 24) {
        throw InputError(fmt::format("stochastic rounding takes at most {} steps", 1u << 24));
    }
    std::vector<SampleResult> results(count);
    for (SampleResult& result : results) {
        result.traces.resize(traces.size());
    }
    program_->begin(static_cast<u32>(count), first_sample, stream_);
    send_input(samples);
    for (u32 t = 0; t < steps_; ++t) {
        if (values && !constant && t != 0) {
            send_values(samples, t);
        }
        step(first_sample, t, constant);
        if (!traces.empty()) {
            trace(count, t, traces, results);
        }
        if (predict_every_step) {
            predict(count, results);
        }
        program_->run(2 + order_.size(), When::at_end, {first_sample, t}, stream_);
    }
    finish(count, constant, results);
    return results;
}

/// As Simulation::trace, from what the step has left on the device.
void DeviceSimulation::trace(std::size_t count, u32 t, const std::vector<TraceRequest>& traces,
                             std::vector<SampleResult>& results) {
    for (std::size_t r = 0; r < traces.size(); ++r) {
        const TraceRequest& request = traces[r];
        const std::size_t n = arrays_[request.node].size;
        const std::size_t stride = padded(static_cast<u32>(n));
        StageState& state = host_.state[request.node];
        const auto at = std::find(order_.begin(), order_.end(), request.node) - order_.begin();
        const std::vector<u32> out = request.spikes ? receive(arrays_[request.node].out, n, count) : std::vector<u32>();
        const std::vector<u32> v = request.membrane
                                       ? receive(program_->node(1 + static_cast<std::size_t>(at)).membrane, n, count)
                                       : std::vector<u32>();
        for (std::size_t i = 0; i < count; ++i) {
            state.out.clear();
            for (u32 k = 0; request.spikes && k < n; ++k) {
                if (out[i * stride + k] != kAbsent) {
                    state.out.index.push_back(k);
                }
            }
            if (request.membrane) {
                std::copy_n(v.data() + i * stride, n, state.v.data());
            }
            simulation_.trace(host_, t, request, results[i].traces[r]);
        }
    }
}

/// The prediction if the run ended here.
void DeviceSimulation::predict(std::size_t count, std::vector<SampleResult>& results) {
    const std::size_t n = simulation_.output_size_;
    const std::size_t stride = padded(static_cast<u32>(n));
    const bool membrane = simulation_.readout_ == Readout::last && simulation_.has_membrane(simulation_.output_.node);
    const auto at = std::find(order_.begin(), order_.end(), simulation_.output_.node) - order_.begin();
    const std::vector<u32> values =
        receive(membrane ? program_->node(1 + static_cast<std::size_t>(at)).membrane : readout_, n, count);
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<float> readout(n);
        std::memcpy(readout.data(), values.data() + i * stride, n * sizeof(float));
        results[i].prediction_at.push_back(largest(readout));
    }
}

/// What is left after the last step, brought to the host and put together as for a run there.
void DeviceSimulation::finish(std::size_t count, bool constant_input, std::vector<SampleResult>& results) {
    struct Kept {
        std::vector<u32> spikes, v;
        std::vector<device::Counters> counters;
    };
    std::vector<Kept> kept(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) {
        const DeviceProgram::Node& node = program_->node(1 + i);
        const std::size_t n = arrays_[order_[i]].size;
        kept[i].spikes = node.spike_count != nullptr ? receive(node.spike_count, n, count) : std::vector<u32>();
        kept[i].v = node.membrane != nullptr ? receive(node.membrane, n, count) : std::vector<u32>();
        kept[i].counters.resize(count);
        AXFIRE_CUDA(cuMemcpyDtoHAsync, kept[i].counters.data(), reinterpret_cast<Address>(node.counters),
                    count * sizeof(device::Counters), stream_.handle());
    }
    const std::vector<u32> readout = receive(readout_, simulation_.output_size_, count);
    for (std::size_t s = 0; s < count; ++s) {
        for (std::size_t i = 0; i < order_.size(); ++i) {
            StageState& state = host_.state[order_[i]];
            const std::size_t n = arrays_[order_[i]].size;
            const std::size_t at = s * padded(static_cast<u32>(n));
            if (!kept[i].spikes.empty()) {
                std::copy_n(kept[i].spikes.data() + at, n, state.spike_count.data());
            }
            if (!kept[i].v.empty()) {
                std::copy_n(kept[i].v.data() + at, n, state.v.data());
            }
            const DeviceProgram::Node& node = program_->node(1 + i);
            const u64 times = simulation_.steady_[order_[i]] && constant_input ? steps_ : 1;
            const device::Counters& counted = kept[i].counters[s];
            state.counts.spikes = counted.spikes * times + node.each_step.spikes * steps_;
            state.counts.synaptic_operations = counted.operations * times + node.each_step.synaptic_operations * steps_;
            state.counts.multiplications = counted.products * times + node.each_step.multiplications * steps_;
            state.counts.neuron_updates = node.each_step.neuron_updates * steps_;
        }
        host_.readout.resize(simulation_.output_size_);
        std::memcpy(host_.readout.data(), readout.data() + s * padded(static_cast<u32>(simulation_.output_size_)),
                    host_.readout.size() * sizeof(float));
        simulation_.finish(host_, results[s]);
    }
}

}  // namespace axfire
