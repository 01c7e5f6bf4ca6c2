// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/train/gradients/neuron.h"
#include "engine/train/surrogate.h"

namespace axfire::train {

namespace {

/// Backward through time (Neftci, Mostafa and Zenke, IEEE Signal Processing Magazine 36(6), 2019) over
///   u(t) = A (v(t-1) - v_leak) + v_leak + G I(t),  s(t) = [u(t) passes theta],  v(t) = u(t) after the reset;
///   cuba models: I is the synaptic current i(t) = a i(t-1) + g S(t), of this step or the last.
/// A neuron that a refractory period holds keeps v and does not spike.
class MembraneGradient : public NodeGradient {
public:
    MembraneGradient(const nodes::Neuron& node, const GradientContext& c)
        : NodeGradient(c), how_(c.forward.how), options_(c.options) {
        const NeuronConstants constants(node, how_, size_);
        spiking_ = find_model(node.model.c_str())->spiking;
        gain_ = constants["gain"];
        leak_ = constants["v_leak"];
        theta_ = constants["v_threshold"];
        reset_ = constants["v_reset"];
        synapse_decay_ = constants["synapse_decay"];
        synapse_gain_ = constants["synapse_gain"];
        v_init_ = constants["v_init"];
        keep_ = constants["decay"];
        if (keep_.empty()) {  // without a leak
            keep_.assign(size_, 1.0F);
            leak_.assign(size_, 0.0F);
        } else if (how_.integrate == Integrate::euler) {
            for (std::size_t i = 0; i < size_; ++i) {
                gain_[i] *= keep_[i];
                keep_[i] = 1 - keep_[i];
            }
        }
        cuba_ = !synapse_decay_.empty();
        refractory_ = !constants["t_ref"].empty();
    }

    void begin(Space& space) const override {
        space.carried_v[node_] = Buffer(size_);
        space.carried_current[node_] = cuba_ ? Buffer(size_) : Buffer();
    }

    void step(Tape& tape, Place at, Space& space) override {
        Buffer& dv = space.carried_v[node_];
        Buffer& di = space.carried_current[node_];
        if (cut(at.step + 1)) {  // nothing comes back from the step after
            dv.fill(0);
            di.fill(0);
        }
        if (space.terms.size() < size_) {
            space.terms = Buffer(size_);
        }
        const Rows& direct = tape.v_gradient[node_];
        if (!direct.empty()) {
            add_to(dv.data(), direct.row(tape.row(node_, at)), size_);
        }
        const Step s = step_of(tape, at, space);
        for (std::size_t i = 0; i < size_; ++i) {
            const bool held = s.held != nullptr && s.held[i] != 0;
            const float du = held ? 0.0F : through_reset(s, i, number(dv[i]));
            const float to_drive = gain_[i] * du;
            float to_input = to_drive;
            if (cuba_) {
                float current = number(di[i]);
                current += how_.cuba_order == CubaOrder::new_current ? to_drive : 0.0F;
                to_input = synapse_gain_[i] * current;
                current *= synapse_decay_[i];
                di[i] = bits(current + (how_.cuba_order == CubaOrder::old_current ? to_drive : 0.0F));
            }
            space.terms[i] = bits(to_input);
            dv[i] = held ? dv[i] : bits(keep_[i] * du);
        }
        for (std::size_t i = 0; i < graph_.sources[node_].size(); ++i) {
            if (u32* const dx = target(tape, i, at)) {
                add_to(dx, space.terms.data(), size_);
            }
        }
    }

    const u32* input_of(const Tape& tape, std::size_t i, Place at) const { return input(tape, i, at); }
    std::size_t sources() const { return graph_.sources[node_].size(); }
    std::size_t size() const { return size_; }

private:
    struct Step {
        const u32* out_gradient;
        const u32* spikes;  ///< 0 where it did not fire
        const u32* v;       ///< after the step
        const u32* before;  ///< v after the step before; nullptr: v_init
        const u32* drive;   ///< I; nullptr: none arrived. Only where the reset hides u
        const u32* held;    ///< steps of refractoriness left before the step; nullptr: none
    };

    Step step_of(const Tape& tape, Place at, Space& space) const {
        const std::size_t row = tape.row(node_, at);
        Step s{own(tape, at), output(tape, at), tape.v[node_].row(row), nullptr, nullptr, nullptr};
        s.before = at.step == 0 ? nullptr : tape.v[node_].row(row - 1);
        s.held = refractory_ && at.step != 0 ? tape.refractory[node_].row(row - 1) : nullptr;
        if (spiking_ && how_.reset == Reset::zero) {
            const bool last = how_.cuba_order == CubaOrder::old_current;
            s.drive = !cuba_         ? sum_inputs(*this, tape, at, space)
                      : !last        ? tape.current[node_].row(row)
                      : at.step == 0 ? nullptr
                                     : tape.current[node_].row(row - 1);
        }
        return s;
    }

    /// dL/du of neuron i from dL/dv after the reset.
    float through_reset(const Step& s, std::size_t i, float dv) const {
        const float outside = number(s.out_gradient[i]);
        if (!spiking_) {
            return dv + outside;  // v is the output
        }
        const bool fired = s.spikes[i] != 0;
        const float v = number(s.v[i]);
        float u = v;
        if (fired) {
            u = how_.reset == Reset::subtract ? v + theta_[i] : hidden(s, i);
        }
        float ds = outside;
        if (!options_.detach_reset) {
            ds += dv * (how_.reset == Reset::subtract ? -theta_[i] : reset_[i] - u);
        }
        const float kept = fired && how_.reset == Reset::zero ? 0.0F : dv;
        return kept + ds * surrogate(options_.surrogate, options_.slope, u - theta_[i]);
    }

    /// u of a neuron that was reset to v_reset, formed again in binary32.
    float hidden(const Step& s, std::size_t i) const {
        const float before = s.before != nullptr ? number(s.before[i]) : v_init_[i];
        const float drive = s.drive != nullptr ? number(s.drive[i]) : 0.0F;
        return keep_[i] * (before - leak_[i]) + leak_[i] + gain_[i] * drive;
    }

    Conventions how_;
    GradientOptions options_;
    bool spiking_, cuba_, refractory_;
    std::vector<float> gain_, keep_, leak_, theta_, reset_, synapse_decay_, synapse_gain_, v_init_;
};

}  // namespace

std::unique_ptr<NodeGradient> make_membrane_gradient(const nodes::Neuron& node, const GradientContext& context) {
    const char* const known[] = {"if", "lif", "cubalif", "i", "li", "cubali"};
    if (std::none_of(std::begin(known), std::end(known), [&](const char* name) { return node.model == name; })) {
        throw InputError(fmt::format("neurons of the model '{}' cannot be trained through", node.model));
    }
    return std::make_unique<MembraneGradient>(node, context);
}

}  // namespace axfire::train
