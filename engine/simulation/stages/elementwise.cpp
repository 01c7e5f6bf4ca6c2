// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/network/affine_channel.h"
#include "engine/simulation/device/program.h"

namespace axfire {

namespace {

/// One value for all, or one for each of n elements.
std::vector<double> broadcast(const Tensor& tensor, std::size_t n) {
    return tensor.data.size() == 1 ? std::vector<double>(n, tensor.data[0])
                                   : std::vector<double>(tensor.data.begin(), tensor.data.end());
}

/// y = add(mul(x, factor), shift), with either left out. A plain spike gives the factor itself, in the adder's format,
/// as it would through a synapse of that weight. Where nothing arrived there is no product; the shift is added to +0
/// there.
class AffineStage : public Stage {
public:
    /// `factor` and `shift` have one value for each element, or none; shifts of 0 alone count as none.
    AffineStage(const std::vector<double>& factor, const std::vector<double>& shift, const StageContext& c)
        : n_(element_count(c.out)) {
        if (!factor.empty()) {
            factor_ = constants(c.arithmetic.synapse_mul, factor);
            if (c.in_events && !c.multiply_spikes) {
                spike_ = constants(c.arithmetic.synapse_add, factor);
            }
        }
        if (std::any_of(shift.begin(), shift.end(), [](double b) { return b != 0; })) {
            shift_ = constants(c.arithmetic.synapse_add, shift);
            shift_only_ = c.sums_without_input(shift_);
        }
        arithmetic_ = c.projection();
        scale_ = c.projections().scale_signal;
        add_ = c.projections().add_signals;
    }

    void reset(StageState& s) const override {
        if (s.sums.empty()) {
            s.sums = Buffer(n_, kAbsent);
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.out.clear();
        const u32* x = spread(sources[0], n_, s.input);
        if (x == nullptr) {
            s.out.values = shift_.empty() ? nullptr : shift_only_.data();
            return;
        }
        if (!factor_.empty()) {
            x = multiply(x, sources[0], s);
        }
        if (!shift_.empty()) {
            ElementwiseArgs a{static_cast<u32>(n_), 1, x, shift_.data(), s.sums.data(), arithmetic_};
            a.arithmetic.site = s.site;
            std::vector<std::size_t> absent;
            for (std::size_t i = 0; i < n_; ++i) {
                if (x[i] == kAbsent) {
                    absent.push_back(i);
                }
            }
            add_(a);
            for (const std::size_t i : absent) {
                s.sums[i] = shift_only_[i];
            }
            x = s.sums.data();
            s.counts.synaptic_operations += a.operations;
        }
        s.out.values = x;
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        const u32 n = static_cast<u32>(n_);
        const AdderSpec& add = arithmetic_.add;
        const MultiplierSpec& mul = arithmetic_.mul;
        const u32* x = sources[0].values;
        if (!factor_.empty()) {
            const ElementwiseArgs product{n, 0, x, p.constant(factor_), out, p.units(arithmetic_)};
            p.launch("MultiplySignals<false, Add, Mul>", add, mul,
                     device::ProductArgs{product, true, nullptr, n, p.constant(spike_), p.counters()}, n_);
            x = out;
        }
        if (!shift_.empty()) {
            const ElementwiseArgs sum{n, 1, x, p.constant(shift_), out, p.units(arithmetic_)};
            p.launch("SumSignals<Add, Mul>", add, mul,
                     device::SumArgs{sum, true, p.constant(shift_only_), p.counters()}, n_);
        } else if (factor_.empty()) {
            p.copy(out, x, n_, DeviceProgram::When::in_step);
        }
    }

private:
    const u32* multiply(const u32* x, const Source& source, StageState& s) const {
        ElementwiseArgs a{static_cast<u32>(n_), 0, x, factor_.data(), s.sums.data(), arithmetic_};
        a.arithmetic.site = s.site;
        scale_(a);
        s.counts.multiplications += static_cast<u64>(std::count_if(x, x + n_, [](u32 v) { return v != kAbsent; }));
        if (!spike_.empty()) {
            const EventView events = source.signal->events();
            for (u32 e = 0; e < events.count; ++e) {
                if (events.amplitude == nullptr || events.amplitude[e] == kOneBits) {
                    s.sums[events.index[e]] = spike_[events.index[e]];
                    --s.counts.multiplications;
                }
            }
        }
        return s.sums.data();
    }

    std::size_t n_;
    Buffer factor_;              ///< in the multiplier's format
    Buffer spike_;               ///< in the adder's format; none where spikes are multiplied or there are none
    Buffer shift_, shift_only_;  ///< in the adder's format; add(+0, shift)
    ProjectionArithmetic arithmetic_;
    void (*scale_)(ElementwiseArgs&);
    void (*add_)(ElementwiseArgs&);
};

/// y = mul(a, b) where both arrived; b may be one value for several elements of a.
class MultiplyStage : public Stage {
public:
    explicit MultiplyStage(const StageContext& c)
        : n_(element_count(c.out)), ports_(c.ports), arithmetic_(c.projection()) {
        multiply_ = c.projections().multiply_signals;
        if (ports_[1].shape != ports_[0].shape) {
            expand_ = broadcast_indices(ports_[0].shape, ports_[1].shape);
        }
    }

    void reset(StageState& s) const override {
        if (s.sums.empty()) {
            s.sums = Buffer(n_, kAbsent);
            s.scratch.resize(3);
            s.scratch[2] = Buffer(n_);
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.out.clear();
        const u32* a = spread(sources[ports_[0].source], n_, s.scratch[0]);
        if (a == nullptr) {
            return;
        }
        const u32* b = spread(sources[ports_[1].source], element_count(ports_[1].shape), s.scratch[1]);
        if (b == nullptr) {
            return;
        }
        if (!expand_.empty()) {
            for (std::size_t i = 0; i < n_; ++i) {
                s.scratch[2][i] = b[expand_[i]];
            }
            b = s.scratch[2].data();
        }
        ElementwiseArgs args{static_cast<u32>(n_), 0, a, b, s.sums.data(), arithmetic_};
        args.arithmetic.site = s.site;
        multiply_(args);
        for (std::size_t i = 0; i < n_; ++i) {
            s.counts.multiplications += a[i] != kAbsent && b[i] != kAbsent;
        }
        s.out.values = s.sums.data();
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        const DeviceSource& a = sources[ports_[0].source];
        const DeviceSource& b = sources[ports_[1].source];
        const ElementwiseArgs product{static_cast<u32>(n_), 0, a.values, b.values, out, p.units(arithmetic_)};
        p.launch(
            "MultiplySignals<true, Add, Mul>", arithmetic_.add, arithmetic_.mul,
            device::ProductArgs{product, false, p.constant(expand_), static_cast<u32>(b.size), nullptr, p.counters()},
            n_);
    }

private:
    /// For each element of `shape` that of `other`, whose extents are the same or 1.
    static std::vector<u32> broadcast_indices(const Shape& shape, const Shape& other) {
        std::vector<u32> indices{0};
        for (std::size_t axis = 0; axis < shape.size(); ++axis) {
            std::vector<u32> finer;
            for (const u32 i : indices) {
                for (std::size_t k = 0; k < shape[axis]; ++k) {
                    finer.push_back(static_cast<u32>(i * other[axis] + (other[axis] == 1 ? 0 : k)));
                }
            }
            indices = std::move(finer);
        }
        return indices;
    }

    std::size_t n_;
    std::vector<Port> ports_;
    std::vector<u32> expand_;  ///< none where the shapes are the same
    ProjectionArithmetic arithmetic_;
    void (*multiply_)(ElementwiseArgs&);
};

/// A spike of amplitude 1 wherever the input passes the threshold; an input that did not arrive is +0.
class ThresholdStage : public Stage {
public:
    ThresholdStage(const nodes::Threshold& node, const StageContext& c) : n_(element_count(c.out)), fire_(c.how.fire) {
        const std::vector<double> values = broadcast(node.threshold, n_);  // no unit uses it: a comparison is exact
        threshold_ = to_buffer({values.begin(), values.end()});
    }

    void reset(StageState& s) const override {
        s.fired = Buffer((n_ + 31) / 32 + 1);
        s.spike_count = Buffer(n_);
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        const u32* x = spread(sources[0], n_, s.input);
        s.fired.fill(0);
        for (std::size_t i = 0; i < n_; ++i) {
            const u32 value = x == nullptr || x[i] == kAbsent ? 0 : x[i];
            s.fired[i / 32] |= (fires(fire_, value, threshold_[i]) & 1u) << i % 32;
        }
        emit_fired(s, n_);
        s.counts.neuron_updates += n_;
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        u32* const spike_count = p.array(n_, 0);
        p.launch("PassThreshold",
                 device::ThresholdArgs{static_cast<u32>(n_), fire_, p.constant(threshold_), sources[0].values, out,
                                       spike_count, p.counters()},
                 n_);
        p.compare(n_);
        p.count({.neuron_updates = n_});
        p.keep_spike_count(spike_count);
    }

private:
    std::size_t n_;
    Fire fire_;
    Buffer threshold_;
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Multiply&, const StageContext& context) {
    return std::make_unique<MultiplyStage>(context);
}

std::unique_ptr<Stage> make_stage(const nodes::Scale& node, const StageContext& context) {
    std::vector<double> factor = broadcast(node.scale, element_count(context.out));
    if (node.divide) {
        std::transform(factor.begin(), factor.end(), factor.begin(), [](double f) { return 1.0 / f; });
    }
    return std::make_unique<AffineStage>(factor, std::vector<double>{}, context);
}

std::unique_ptr<Stage> make_stage(const nodes::Bias& node, const StageContext& context) {
    return std::make_unique<AffineStage>(std::vector<double>{}, broadcast(node.bias, element_count(context.out)),
                                         context);
}

std::unique_ptr<Stage> make_stage(const nodes::BatchNorm& node, const StageContext& context) {
    const std::size_t channels = node.gamma.data.size();
    const std::size_t plane = element_count(context.out) / channels;
    std::vector<double> factor, shift;
    for (std::size_t c = 0; c < channels; ++c) {
        const AffineChannel channel = affine_channel(node, c);
        factor.insert(factor.end(), plane, channel.gain);
        shift.insert(shift.end(), plane, channel.shift);
    }
    return std::make_unique<AffineStage>(factor, shift, context);
}

std::unique_ptr<Stage> make_stage(const nodes::Threshold& node, const StageContext& context) {
    return std::make_unique<ThresholdStage>(node, context);
}

}  // namespace axfire
