// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/simulation/device/program.h"

namespace axfire {

namespace {

struct ModelEntry {
    const ModelInfo* info;
    void (*derive)(const double* parameters, const Conventions& how, double* constants);
};
#define AXFIRE_ENTRY(model) {&model::kInfo, model::derive},
constexpr ModelEntry kEntries[] = {AXFIRE_MODELS(AXFIRE_ENTRY)};
#undef AXFIRE_ENTRY

std::size_t model_index(const std::string& name) {
    std::size_t i = 0;
    while (name != kEntries[i].info->name) {  // analyse() has refused unknown models
        ++i;
    }
    return i;
}

/// The value of a parameter for neuron n: as given, or the model's default.
double parameter(const nodes::Neuron& node, const ModelInfo& info, const std::string& name, std::size_t n) {
    if (const auto it = node.parameters.find(name); it != node.parameters.end()) {
        return it->second[it->second.size() == 1 ? 0 : n];
    }
    for (unsigned i = 0; i < info.parameter_count; ++i) {
        if (name == info.parameters[i].name) {
            const double value = info.parameters[i].default_value;
            return std::isnan(value) ? parameter(node, info, "v_leak", n) : value;
        }
    }
    return 0;
}

class NeuronStage : public Stage {
public:
    NeuronStage(const nodes::Neuron& node, const StageContext& c)
        : model_(model_index(node.model)), info_(*kEntries[model_].info), neurons_(element_count(c.out)) {
        const AdderSpec& add = c.arithmetic.neuron_add;
        const MultiplierSpec& mul = c.arithmetic.neuron_mul;
        std::vector<std::vector<double>> values(info_.constant_count, std::vector<double>(neurons_));
        std::vector<double> v_init(neurons_);
        for (std::size_t n = 0; n < neurons_; ++n) {
            double p[kMaxModelParameters];
            double k[kMaxModelConstants];
            for (unsigned i = 0; i < info_.parameter_count; ++i) {
                p[i] = parameter(node, info_, info_.parameters[i].name, n);
            }
            kEntries[model_].derive(p, c.how, k);
            for (unsigned i = 0; i < info_.constant_count; ++i) {
                values[i][n] = k[i];
            }
            v_init[n] = parameter(node, info_, "v_init", n);
        }
        for (unsigned i = 0; i < info_.constant_count; ++i) {
            if (info_.constants[i].use == ConstantUse::steps) {
                constants_.push_back(steps(values[i]));
                has_refractory_ = true;
            } else if (info_.constants[i].use == ConstantUse::adder) {
                constants_.push_back(constants(add, values[i]));
            } else {
                constants_.push_back(constants(mul, values[i]));
            }
        }
        v_init_ = constants(add, v_init);
        for (unsigned i = 0; i < info_.parameter_count; ++i) {
            has_current_ = has_current_ || std::strcmp(info_.parameters[i].name, "tau_syn") == 0;
        }
        how_ = c.how;
        add_ = add;
        mul_ = mul;
        // A step without input that changed nothing changes nothing the next time either, unless it draws numbers. A
        // stateless model has nothing to keep.
        skips_quiet_ = add.rounding != Rounding::sr && mul.rounding != Rounding::sr && !info_.stateless;
        sum_arithmetic_ = c.projection();
        update_ = c.neurons.neurons.update[model_];
        add_signals_ = c.projections().add_signals;
    }

    void reset(StageState& s) const override {
        s.v = v_init_;
        s.current.assign(has_current_ ? neurons_ : 0);
        s.refractory.assign(has_refractory_ ? neurons_ : 0);
        s.fired.assign((neurons_ + 31) / 32 + 1);
        s.spike_count.assign(neurons_);
        s.scratch.resize(2);
        s.quiet.assign(neurons_ / 4 + 4, 0);
        s.at_rest = false;
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.counts.neuron_updates += neurons_;
        const u32* const input = gather(sources, s);
        if (s.at_rest && input == nullptr) {
            s.out.clear();
            s.out.values = info_.spiking ? nullptr : s.v.data();
            return;
        }
        NeuronArgs a{};
        a.neurons = static_cast<u32>(neurons_);
        a.input = input;
        for (std::size_t i = 0; i < constants_.size(); ++i) {
            a.constants[i] = constants_[i].data();
        }
        a.v = s.v.data();
        a.current = has_current_ ? s.current.data() : nullptr;
        a.refractory = has_refractory_ ? s.refractory.data() : nullptr;
        a.fired = s.fired.data();
        a.quiet = skips_quiet_ ? s.quiet.data() : nullptr;
        a.how = how_;
        a.add = add_;
        a.mul = mul_;
        a.site = s.site;
        a.at_rest = &s.at_rest;
        update_(a);
        if (info_.spiking) {
            emit_fired(s, neurons_);
        } else {
            s.out.clear();
            s.out.values = s.v.data();
        }
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        device::PopulationArgs c{};
        NeuronArgs& a = c.neurons;
        a.neurons = static_cast<u32>(neurons_);
        a.input = sources[0].values;
        for (std::size_t i = 1; i < sources.size(); ++i) {
            u32* const sum = p.array(neurons_, kAbsent);
            const ElementwiseArgs e{a.neurons, kSourceOperand + static_cast<u32>(i),
                                    a.input,   sources[i].values,
                                    sum,       p.units(sum_arithmetic_)};
            p.launch("SumSignals<Add, Mul>", sum_arithmetic_.add, sum_arithmetic_.mul,
                     device::SumArgs{e, false, nullptr, p.counters()}, neurons_);
            a.input = sum;
        }
        for (std::size_t i = 0; i < constants_.size(); ++i) {
            a.constants[i] = p.constant(constants_[i]);
        }
        a.v = p.array(v_init_);
        a.current = has_current_ ? p.array(neurons_, 0) : nullptr;
        a.refractory = has_refractory_ ? p.array(neurons_, 0) : nullptr;
        a.how = how_;
        a.add = p.unit(add_);
        a.mul = p.unit(mul_);
        a.site = p.site();
        c.out = out;
        c.spike_count = info_.spiking ? p.array(neurons_, 0) : nullptr;
        c.counters = p.counters();
        p.launch(fmt::format("Population<{}_model, Add, Mul>", info_.name), add_, mul_, c, neurons_);
        p.count({.neuron_updates = neurons_});
        p.keep_spike_count(c.spike_count);
        p.keep_membrane(a.v);
    }

private:
    static Buffer steps(const std::vector<double>& values) {
        Buffer buffer(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            buffer[i] = static_cast<u32>(std::clamp(values[i], 0.0, 4e9));
        }
        return buffer;
    }

    /// The input of this step: the only source, or the sources added from left to right. nullptr: nothing arrived.
    const u32* gather(const std::vector<Source>& sources, StageState& s) const {
        const u32* sum = spread(sources[0], neurons_, s.scratch[0]);
        for (std::size_t i = 1; i < sources.size(); ++i) {
            const u32* next = spread(sources[i], neurons_, s.scratch[1]);
            if (sum == nullptr) {
                std::swap(s.scratch[0], s.scratch[1]);
                sum = next;
            } else if (next != nullptr) {
                if (s.input.empty()) {
                    s.input = Buffer(neurons_, kAbsent);
                }
                ElementwiseArgs e{static_cast<u32>(neurons_),
                                  kSourceOperand + static_cast<u32>(i),
                                  sum,
                                  next,
                                  s.input.data(),
                                  sum_arithmetic_};
                e.arithmetic.site = s.site;
                add_signals_(e);
                s.counts.synaptic_operations += e.operations;
                sum = s.input.data();
            }
        }
        return sum;
    }

    std::size_t model_;
    const ModelInfo& info_;
    std::size_t neurons_;
    bool skips_quiet_ = false;
    bool has_current_ = false;
    bool has_refractory_ = false;
    std::vector<Buffer> constants_;
    Buffer v_init_;
    Conventions how_;
    AdderSpec add_;
    MultiplierSpec mul_;
    ProjectionArithmetic sum_arithmetic_;
    void (*update_)(NeuronArgs&);
    void (*add_signals_)(ElementwiseArgs&);
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Neuron& node, const StageContext& context) {
    return std::make_unique<NeuronStage>(node, context);
}

}  // namespace axfire
