// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/train/gradients/input_rows.h"

namespace axfire::train {

namespace {

/// dL/dx = W^T dL/dy is a linear layer; dL/dW[o] = sum over rows of dL/dy[o] x, a linear layer of as many inputs as
/// there are rows; dL/db the sum of the rows.
class LinearGradient : public NodeGradient {
public:
    LinearGradient(const nodes::Linear& node, const GradientContext& c)
        : NodeGradient(c),
          context_(c.backward),
          inputs_(node.weight.shape[1]),
          has_bias_(!node.bias.empty()),
          slopes_(c),
          source_(c, slopes_),
          stride_(padded(static_cast<u32>(c.tape.rows(c.node)))),
          transposed_(size_ * stride_) {
        std::swap(context_.in, context_.out);
        context_.in_events = false;
        context_.weight_format = slopes_.none() ? context_.weight_format : nullptr;
    }

    void refresh(const Node& node) override {
        const auto& linear = std::get<nodes::Linear>(node.kind);
        if (!graph_.learns[graph_.sources[node_][0].node]) {
            return;
        }
        std::vector<float> space;
        const std::vector<float>& weights = slopes_.by_x(linear.weight.data, space);
        nodes::Linear turned{{{inputs_, size_}, std::vector<float>(inputs_ * size_)}, {}};
        constexpr std::size_t kBlock = 16;
        for (std::size_t first = 0; first < inputs_; first += kBlock) {
            const std::size_t last = std::min(inputs_, first + kBlock);
            for (std::size_t o = 0; o < size_; ++o) {
                for (std::size_t i = first; i < last; ++i) {
                    turned.weight.data[i * size_ + o] = weights[o * inputs_ + i];
                }
            }
        }
        backward_ = make_stage(turned, context_);
    }

    void step(Tape& tape, Place at, Space& space) override {
        const std::size_t row = tape.row(node_, at);
        const u32* dy = own(tape, at);
        for (std::size_t o = 0; o < size_; ++o) {
            transposed_[o * stride_ + row] = dy[o];
        }
        source_.note(tape, at);
        if (u32* const dx = target(tape, 0, at)) {
            StageState& state = space.backward[node_];
            Signal signal;
            signal.values = dy;
            backward_->reset(state);
            backward_->step({{&signal, false}}, state, at.step);
            add_to(dx, state.out.values, inputs_);
        }
    }

    std::size_t tasks(const Tape&) const override { return (inputs_ + kTile - 1) / kTile + 1; }

    void sum(const Tape& tape, std::size_t task, Space& space, const TensorGradients& gradients) const override {
        const Rows& x = source_.rows(tape);
        LinearArgs a{};
        a.inputs = static_cast<u32>(tape.rows(node_));
        a.arithmetic = context_.projection();
        if (task * kTile >= inputs_) {
            sum_bias(tape, a, gradients);
            return;
        }
        a.outputs = static_cast<u32>(inputs_);
        a.stride = static_cast<u32>(x.stride);
        Buffer converted;
        a.weight_mul = as_operands(context_, x.data, a.inputs * x.stride, converted);
        a.first = static_cast<u32>(task * kTile);
        a.last = static_cast<u32>(std::min(x.stride, (task + 1) * kTile));
        Buffer& sums = space.values;
        if (sums.size() < x.stride) {
            sums = Buffer(x.stride);
        }
        a.sums = sums.data();
        const std::size_t columns = std::min(inputs_, (task + 1) * kTile) - a.first;
        for (std::size_t o = 0; o < size_; ++o) {
            a.values = transposed_.data() + o * stride_;
            context_.projections().linear_dense(a);
            for (std::size_t i = 0; i < columns; ++i) {
                (*gradients[0])[o * inputs_ + a.first + i] = number(sums[a.first + i]);
            }
        }
    }

private:
    static constexpr std::size_t kTile = 64;

    void sum_bias(const Tape& tape, const LinearArgs& a, const TensorGradients& gradients) const {
        if (has_bias_) {
            Buffer sums(size_);
            add_rows(context_, tape.gradient[node_].row(0), a.inputs, size_, sums.data());
            for (std::size_t o = 0; o < size_; ++o) {
                (*gradients[1])[o] = number(sums[o]);
            }
        }
    }

    StageContext context_;
    std::size_t inputs_;
    bool has_bias_;
    ProductSlopes slopes_;
    InputRows source_;
    std::size_t stride_;
    Buffer transposed_;  ///< [outputs][rows]
    std::unique_ptr<Stage> backward_;
};

}  // namespace

std::unique_ptr<NodeGradient> make_gradient(const nodes::Linear& node, const GradientContext& context) {
    return std::make_unique<LinearGradient>(node, context);
}

}  // namespace axfire::train
