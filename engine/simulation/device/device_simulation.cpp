// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/device/device_simulation.h"

#include <algorithm>
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

}  // namespace

DeviceInput::Kind DeviceSimulation::kind_of_input(const Simulation& simulation, const DeviceOptions& options) {
    return !simulation.events_[simulation.input_] ? DeviceInput::Kind::values
           : options.poisson                      ? DeviceInput::Kind::probabilities
                                                  : DeviceInput::Kind::events;
}

DeviceSimulation::DeviceSimulation(const Simulation& simulation, const DeviceOptions& options)
    : simulation_(simulation),
      context_(options.device),
      steps_(options.steps),
      input_(kind_of_input(simulation, options), simulation.input_size_, options.steps, options.poisson.value_or(0),
             options.block_words),
      recording_(options.block_words),
      host_(simulation) {
    choose_batch(options);
    const Notice silent = [](const std::string&) {};
    try {
        program_->load(options.device, options.notice ? options.notice : silent);
    } catch (const InputError& error) {  // a user's file that a device's compiler does not take
        throw NotOnDevice(error.what());
    } catch (const cuda::Error& error) {
        const int version = cuda::driver().version;
        throw NotOnDevice(fmt::format(
            "{}; the kernels are by NVRTC {}, the driver is for CUDA {}.{}: a newer driver, or an older NVRTC in "
            "AXFIRE_NVRTC, may do",
            error.what(), cuda::nvrtc().version, version / 1000, version % 1000 / 10));
    }
}

DeviceSimulation::~DeviceSimulation() {
    cuda::driver().cuCtxSetCurrent(context_.handle());  // of what the members give back
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
    input_.describe(*program, arrays_[s.input_].out);
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

std::size_t DeviceSimulation::place_of(std::size_t node) const {
    return static_cast<std::size_t>(std::find(order_.begin(), order_.end(), node) - order_.begin());
}

void DeviceSimulation::send(std::vector<EncodedSample> samples) {
    context_.use();
    input_.send(std::move(samples));
}

void DeviceSimulation::begin(const std::vector<TraceRequest>& traces, bool predict_every_step) {
    if (simulation_.rounds_stochastically_ && steps_ > 1u << 24) {
        throw InputError(fmt::format("stochastic rounding takes at most {} steps", 1u << 24));
    }
    context_.use();
    Batch& batch = begun_.emplace_back();
    batch.count = input_.count();
    batch.constant = input_.is_constant();
    batch.results.resize(batch.count);
    program_->begin(static_cast<u32>(batch.count), input_.first_sample(), stream_);
    try {
        record(batch, traces, predict_every_step);
    } catch (const cuda::Error&) {  // too little memory: smaller batches may do
        begun_.pop_back();
        throw;
    }
    for (u32 t = 0; t < steps_; ++t) {
        program_->set_step(t, stream_);
        input_.bring(t, stream_);
        const bool steady = batch.constant && t != 0;
        repeated_[{batch.count, steady}].launch(stream_, [&] { step(steady); });
        input_.end(t, stream_);
        recording_.take(t, stream_);
    }
    fetch(batch.count, left_[turn_]);
    turn_ ^= 1;
    recording_.end();
}

/// One step of all nodes. `steady`: nodes that give what they gave in the step before are left out.
void DeviceSimulation::step(bool steady) {
    const auto run = [&](std::size_t node, When when) { program_->run(node, when, stream_); };
    run(0, When::in_step);
    for (std::size_t i = 0; i < order_.size(); ++i) {
        if (!steady || !simulation_.steady_[order_[i]]) {
            run(1 + i, When::in_step);
        }
    }
    run(1 + order_.size(), When::in_step);
    for (std::size_t i = 0; i < order_.size(); ++i) {
        run(1 + i, When::at_end);
    }
    run(2 + order_.size(), When::at_end);
}

void DeviceSimulation::record(Batch& batch, const std::vector<TraceRequest>& traces, bool predict_every_step) {
    std::vector<DeviceRecording::Array> arrays;
    const auto add = [&](const u32* from, std::size_t n) {
        arrays.push_back({from, batch.count * padded(static_cast<u32>(n))});
    };
    for (SampleResult& result : batch.results) {
        result.traces.resize(traces.size());
    }
    for (const TraceRequest& request : traces) {
        if (request.spikes) {
            add(arrays_[request.node].out, arrays_[request.node].size);
        }
        if (request.membrane) {
            add(program_->node(1 + place_of(request.node)).membrane, arrays_[request.node].size);
        }
    }
    const std::size_t outputs = simulation_.output_size_;
    if (predict_every_step) {
        const std::size_t node = simulation_.output_.node;
        const bool membrane = simulation_.readout_ == Readout::last && simulation_.has_membrane(node);
        add(membrane ? program_->node(1 + place_of(node)).membrane : readout_, outputs);
    }
    recording_.begin(arrays, steps_, [this, &batch, traces, outputs, predict_every_step](u32 t, auto at) {
        std::size_t next = 0;
        for (std::size_t r = 0; r < traces.size(); ++r) {
            const u32* const out = traces[r].spikes ? at[next++] : nullptr;
            const u32* const v = traces[r].membrane ? at[next++] : nullptr;
            trace(batch, t, traces[r], out, v, r);
        }
        for (std::size_t i = 0; predict_every_step && i < batch.count; ++i) {
            std::vector<float> readout(outputs);
            std::memcpy(readout.data(), at[next] + i * padded(static_cast<u32>(outputs)), outputs * sizeof(float));
            batch.results[i].prediction_at.push_back(largest(readout));
        }
    });
}

/// As Simulation::trace, from what the step has left on the device.
void DeviceSimulation::trace(Batch& batch, u32 t, const TraceRequest& request, const u32* out, const u32* v,
                             std::size_t r) {
    const std::size_t n = arrays_[request.node].size;
    const std::size_t stride = padded(static_cast<u32>(n));
    StageState& state = host_.state[request.node];
    for (std::size_t i = 0; i < batch.count; ++i) {
        state.out.clear();
        for (u32 k = 0; request.spikes && k < n; ++k) {
            if (out[i * stride + k] != kAbsent) {
                state.out.index.push_back(k);
            }
        }
        if (request.membrane) {
            std::copy_n(v + i * stride, n, state.v.data());
        }
        simulation_.trace(host_, t, request, batch.results[i].traces[r]);
    }
}

/// For each node [count] counters, [count][padded(n)] spikes and membranes, where it has them; the read-out.
template <class Visit>
void DeviceSimulation::visit_left(std::size_t count, const Visit& visit) const {
    constexpr std::size_t kCounterWords = sizeof(device::Counters) / sizeof(u32);
    for (std::size_t i = 0; i < order_.size(); ++i) {
        const DeviceProgram::Node& node = program_->node(1 + i);
        const std::size_t words = count * padded(static_cast<u32>(arrays_[order_[i]].size));
        visit(reinterpret_cast<const u32*>(node.counters), count * kCounterWords);
        visit(node.spike_count, node.spike_count != nullptr ? words : 0);
        visit(node.membrane, node.membrane != nullptr ? words : 0);
    }
    visit(readout_, count * padded(static_cast<u32>(simulation_.output_size_)));
}

void DeviceSimulation::fetch(std::size_t count, Left& left) {
    if (left.words.bytes() == 0) {
        std::size_t words = 0;
        visit_left(program_->samples(), [&](const u32*, std::size_t n) { words += n; });
        left.words = cuda::HostMemory(words * sizeof(u32));
    }
    u32* to = left.words.words();
    visit_left(count, [&](const u32* from, std::size_t n) {
        if (n != 0) {
            AXFIRE_CUDA(cuMemcpyDtoHAsync, to, reinterpret_cast<Address>(from), n * sizeof(u32), stream_.handle());
        }
        to += n;
    });
    stream_.record(left.fetched);
}

std::vector<SampleResult> DeviceSimulation::finish() {
    context_.use();
    const Left& left = left_[turn_ ^ (begun_.size() & 1)];
    left.fetched.synchronize();
    Batch batch = std::move(begun_.front());
    begun_.pop_front();
    assemble(batch, left);
    return std::move(batch.results);
}

/// Results from what is left after the last step, put together as for a run on the host.
void DeviceSimulation::assemble(Batch& batch, const Left& left) {
    std::vector<const u32*> parts;
    const u32* at = left.words.words();
    visit_left(batch.count, [&](const u32*, std::size_t n) {
        parts.push_back(n != 0 ? at : nullptr);
        at += n;
    });
    const std::size_t outputs = simulation_.output_size_;
    for (std::size_t s = 0; s < batch.count; ++s) {
        for (std::size_t i = 0; i < order_.size(); ++i) {
            StageState& state = host_.state[order_[i]];
            const std::size_t n = arrays_[order_[i]].size;
            const std::size_t first = s * padded(static_cast<u32>(n));
            const u32* const spikes = parts[3 * i + 1];
            const u32* const v = parts[3 * i + 2];
            if (spikes != nullptr) {
                std::copy_n(spikes + first, n, state.spike_count.data());
            }
            if (v != nullptr) {
                std::copy_n(v + first, n, state.v.data());
            }
            device::Counters counted;
            std::memcpy(&counted, parts[3 * i] + s * (sizeof counted / sizeof(u32)), sizeof counted);
            const Counts& each = program_->node(1 + i).each_step;
            const u64 times = simulation_.steady_[order_[i]] && batch.constant ? steps_ : 1;
            state.counts.spikes = counted.spikes * times + each.spikes * steps_;
            state.counts.synaptic_operations = counted.operations * times + each.synaptic_operations * steps_;
            state.counts.multiplications = counted.products * times + each.multiplications * steps_;
            state.counts.neuron_updates = each.neuron_updates * steps_;
        }
        host_.readout.resize(outputs);
        std::memcpy(host_.readout.data(), parts.back() + s * padded(static_cast<u32>(outputs)),
                    outputs * sizeof(float));
        simulation_.finish(host_, batch.results[s]);
    }
}

std::vector<SampleResult> DeviceSimulation::run(std::span<const EncodedSample> samples,
                                                const std::vector<TraceRequest>& traces, bool predict_every_step) {
    send({samples.begin(), samples.end()});
    begin(traces, predict_every_step);
    return finish();
}

}  // namespace axfire
