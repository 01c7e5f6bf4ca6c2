// SPDX-License-Identifier: Apache-2.0
#include "engine/train/gradients/neuron.h"
#include "engine/network/check.h"

namespace axfire::train {

namespace {

/// The derivative of a stateless model, from its output y and, where that does not tell, its input x.
class ActivationGradient : public NodeGradient {
public:
    ActivationGradient(const nodes::Neuron& node, const GradientContext& c)
        : NodeGradient(c), model_(node.model), constants_(node, c.forward.how, size_) {
        if (model_ == "clip") {
            low_ = constants_["low"];
            high_ = constants_["high"];
        } else if (model_ == "leaky_relu" || model_ == "hard_sigmoid") {
            slope_ = constants_["alpha"];
        } else if (model_ == "qcfs") {
            high_ = constants_["unit"];
            const std::vector<float> levels = constants_["levels"];
            for (std::size_t i = 0; i < size_; ++i) {
                high_[i] *= levels[i];
            }
        }
    }

    void step(Tape& tape, Place at, Space& space) override {
        const u32* dx = own(tape, at);
        if (model_ != "identity") {
            if (space.terms.size() < size_) {
                space.terms = Buffer(size_);
            }
            const u32* x = model_ == "qcfs" || model_ == "hard_swish" ? sum_inputs(*this, tape, at, space) : nullptr;
            differentiate(dx, output(tape, at), x, space.terms.data());
            dx = space.terms.data();
        }
        for (std::size_t i = 0; i < graph_.sources[node_].size(); ++i) {
            if (u32* const to = target(tape, i, at)) {
                add_to(to, dx, size_);
            }
        }
    }

    const u32* input_of(const Tape& tape, std::size_t i, Place at) const { return input(tape, i, at); }
    std::size_t sources() const { return graph_.sources[node_].size(); }
    std::size_t size() const { return size_; }

private:
    void differentiate(const u32* dy, const u32* out, const u32* x, u32* dx) const {
        if (model_ == "relu") {
            for (std::size_t i = 0; i < size_; ++i) {
                dx[i] = number(out[i]) > 0 ? dy[i] : 0;
            }
            return;
        }
        for (std::size_t i = 0; i < size_; ++i) {
            dx[i] = bits(number(dy[i]) * derivative(i, number(out[i]), x != nullptr ? number(x[i]) : 0));
        }
    }

    float derivative(std::size_t i, float y, float x) const {
        if (model_ == "clip") {
            return y > low_[i] && y < high_[i] ? 1.0F : 0.0F;
        }
        if (model_ == "qcfs") {  // straight through the steps: Bu et al., ICLR 2022, eq. 12
            return x > 0 && x < high_[i] ? 1.0F : 0.0F;
        }
        if (model_ == "leaky_relu") {
            return y < 0 ? slope_[i] : 1.0F;
        }
        if (model_ == "hard_sigmoid") {
            return y > 0 && y < 1 ? slope_[i] : 0.0F;
        }
        if (model_ == "hard_swish") {
            return x <= -3 ? 0.0F : x >= 3 ? 1.0F : x / 3 + 0.5F;
        }
        if (model_ == "sigmoid") {
            return y * (1 - y);
        }
        if (model_ == "tanh") {
            return 1 - y * y;
        }
        return -1.0F;  // negate
    }

    std::string model_;
    NeuronConstants constants_;
    std::vector<float> low_, high_, slope_;
};

}  // namespace

std::unique_ptr<NodeGradient> make_gradient(const nodes::Neuron& node, const GradientContext& context) {
    const char* const with_derivative[] = {"relu",       "clip",    "qcfs", "leaky_relu", "hard_sigmoid",
                                           "hard_swish", "sigmoid", "tanh", "identity",   "negate"};
    for (const char* name : with_derivative) {
        if (node.model == name) {
            return std::make_unique<ActivationGradient>(node, context);
        }
    }
    return make_membrane_gradient(node, context);
}

}  // namespace axfire::train
