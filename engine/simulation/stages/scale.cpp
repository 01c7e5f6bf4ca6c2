// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/simulation/stage.h"

namespace axfire {

namespace {

/// One value for all, or one for each of n elements.
std::vector<float> broadcast(const Tensor& tensor, std::size_t n) {
    return tensor.data.size() == 1 ? std::vector<float>(n, tensor.data[0]) : tensor.data;
}

/// y = mul(x, s). A plain spike gives s itself, in the adder's format, as it would through a synapse of weight s.
class ScaleStage : public Stage {
public:
    ScaleStage(const nodes::Scale& node, const StageContext& c) : n_(element_count(c.out)) {
        const Buffer given = to_buffer(broadcast(node.scale, n_));
        factor_ = c.operands(c.arithmetic.synapse_mul, given);
        if (c.in_events && !c.multiply_spikes) {
            spike_ = c.operands(c.arithmetic.synapse_add, given);
        }
        arithmetic_ = c.projection();
        kernel_ = c.projections().scale_signal;
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
            return;
        }
        ElementwiseArgs a{static_cast<u32>(n_), 0, x, factor_.data(), s.sums.data(), arithmetic_};
        a.arithmetic.site = s.site;
        kernel_(a);
        s.out.values = s.sums.data();
        s.counts.multiplications += sources[0].events ? sources[0].signal->index.size() : n_;
        if (!spike_.empty()) {
            const EventView events = sources[0].signal->events();
            for (u32 e = 0; e < events.count; ++e) {
                if (events.amplitude == nullptr || events.amplitude[e] == kOneBits) {
                    s.sums[events.index[e]] = spike_[events.index[e]];
                    --s.counts.multiplications;
                }
            }
        }
    }

private:
    std::size_t n_;
    Buffer factor_;  ///< in the multiplier's format
    Buffer spike_;   ///< in the adder's format; none where spikes are multiplied or there are none
    ProjectionArithmetic arithmetic_;
    void (*kernel_)(ElementwiseArgs&);
};

/// A spike of amplitude 1 wherever the input passes the threshold; an input that did not arrive is +0.
class ThresholdStage : public Stage {
public:
    ThresholdStage(const nodes::Threshold& node, const StageContext& c) : n_(element_count(c.out)), fire_(c.how.fire) {
        threshold_ = to_buffer(broadcast(node.threshold, n_));  // no unit uses it: a comparison is exact
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

private:
    std::size_t n_;
    Fire fire_;
    Buffer threshold_;
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Scale& node, const StageContext& context) {
    return std::make_unique<ScaleStage>(node, context);
}

std::unique_ptr<Stage> make_stage(const nodes::Threshold& node, const StageContext& context) {
    return std::make_unique<ThresholdStage>(node, context);
}

}  // namespace axfire
