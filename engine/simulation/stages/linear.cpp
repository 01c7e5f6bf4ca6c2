// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/simulation/device/program.h"
#include "synapses/magnitudes.h"

namespace axfire {

namespace {

class LinearStage : public Stage {
public:
    LinearStage(const nodes::Linear& node, const StageContext& c) : events_(c.in_events) {
        const u32 out = static_cast<u32>(node.weight.shape[0]);
        const u32 in = static_cast<u32>(node.weight.shape[1]);
        const u32 stride = padded(out);
        const Buffer given = to_buffer(node.weight.data);
        Buffer weight(static_cast<std::size_t>(in) * stride);
        for (u32 o = 0; o < out; ++o) {
            for (u32 i = 0; i < in; ++i) {
                weight[static_cast<std::size_t>(i) * stride + o] = given[static_cast<std::size_t>(o) * in + i];
            }
        }
        const AdderSpec& add = c.arithmetic.synapse_add;
        const MultiplierSpec& mul = c.arithmetic.synapse_mul;
        weight = c.stored_weights(std::move(weight));
        weight_mul_ = c.operands(mul, weight);
        if (events_) {
            weight_add_ = c.operands(add, std::move(weight));
        }
        const bool has_bias = std::any_of(node.bias.data.begin(), node.bias.data.end(), [](float b) { return b != 0; });
        if (has_bias) {
            Buffer bias(stride);
            std::copy_n(to_buffer(node.bias.data).data(), out, bias.data());
            bias_ = c.operands(add, std::move(bias));
            bias_only_ = c.sums_without_input(bias_);
        }
        args_ = {in, out,     stride,  weight_add_.data(), weight_mul_.data(), has_bias ? bias_.data() : nullptr,
                 {}, nullptr, nullptr, c.projection()};
        args_.weights = magnitudes<u32>(weight_mul_.data(), static_cast<u32>(weight_mul_.size()));
        kernel_ = events_ ? c.projections().linear_events : c.projections().linear_dense;
    }

    void reset(StageState& s) const override {
        if (s.sums.empty()) {
            s.sums = Buffer(args_.stride);
            s.scratch.resize(1);
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.out.clear();
        if (events_ && sources[0].signal->index.empty()) {
            s.out.values = bias_.empty() ? nullptr : bias_only_.data();
            return;
        }
        s.out.values = s.sums.data();
        LinearArgs a = args_;
        a.arithmetic.site = s.site;
        a.sums = s.sums.data();
        if (events_) {
            a.events = sources[0].signal->events();
            s.counts.synaptic_operations += static_cast<u64>(a.events.count) * a.outputs;
            s.counts.multiplications += multiplied(a) * a.outputs;
        } else {
            a.values = sources[0].signal->values;
            if (a.values == nullptr) {
                if (s.scratch[0].empty()) {
                    s.scratch[0] = Buffer(a.inputs);
                }
                a.values = s.scratch[0].data();
            }
            s.counts.synaptic_operations += static_cast<u64>(a.inputs) * a.outputs;
            s.counts.multiplications += static_cast<u64>(a.inputs) * a.outputs;
        }
        if (s.threads == 1) {
            kernel_(a);
            return;
        }
        const u64 operations = (events_ ? a.events.count : a.inputs) * static_cast<u64>(a.outputs);
        const std::vector<Tile> parts = tiles(s.threads, a.stride, kPad, operations);
#pragma omp parallel for num_threads(static_cast <int>(parts.size()))
        for (const Tile& tile : parts) {
            LinearArgs part = a;
            part.first = tile.first;
            part.last = tile.last;
            kernel_(part);
        }
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        device::LinearEventsArgs e{};
        LinearArgs& a = e.linear;
        a = args_;
        a.weight_add = p.constant(weight_add_);
        a.weight_mul = p.constant(weight_mul_);
        a.bias = p.constant(bias_);
        a.sums = out;
        a.arithmetic = p.units(args_.arithmetic);
        const AdderSpec& add = args_.arithmetic.add;
        const MultiplierSpec& mul = args_.arithmetic.mul;
        if (!events_) {
            a.values = sources[0].values;
            p.launch("LinearDense<Add, Mul>", add, mul, a, a.outputs);
            const u64 operations = static_cast<u64>(a.inputs) * a.outputs;
            p.count({.synaptic_operations = operations, .multiplications = operations});
            return;
        }
        u32* const index = p.array(a.inputs, 0);
        u32* const amplitude = p.array(a.inputs, 0);
        u32* const count = p.array(1, 0);
        p.launch("CompactEvents",
                 device::CompactArgs{a.inputs, a.outputs, sources[0].values, index, amplitude, count,
                                     args_.arithmetic.multiply_spikes, p.counters()},
                 device::kCompactThreads, DeviceProgram::When::in_step, device::kCompactThreads);
        p.compare(a.inputs);
        e.index = index;
        e.amplitude = amplitude;
        e.count = count;
        e.bias_only = p.constant(bias_only_);
        p.launch("LinearEvents<Add, Mul>", add, mul, e, a.outputs);
    }

private:
    u64 multiplied(const LinearArgs& a) const {
        if (a.arithmetic.multiply_spikes) {
            return a.events.count;
        }
        return a.events.amplitude == nullptr
                   ? 0
                   : a.events.count - static_cast<u64>(std::count(a.events.amplitude,
                                                                  a.events.amplitude + a.events.count, kOneBits));
    }

    bool events_;
    Buffer weight_add_, weight_mul_, bias_, bias_only_;
    LinearArgs args_;
    void (*kernel_)(LinearArgs&);
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Linear& node, const StageContext& context) {
    return std::make_unique<LinearStage>(node, context);
}

}  // namespace axfire
