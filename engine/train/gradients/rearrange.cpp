// SPDX-License-Identifier: Apache-2.0
#include "engine/train/node_gradient.h"

namespace axfire::train {

namespace {

/// What went to another place comes back from there.
class RearrangeGradient : public NodeGradient {
public:
    RearrangeGradient(const nodes::Rearrange& node, const GradientContext& c) : NodeGradient(c), from_(node.source) {}

    void step(Tape& tape, Place at, Space&) override {
        u32* const dx = target(tape, 0, at);
        const u32* dy = own(tape, at);
        for (std::size_t o = 0; dx != nullptr && o < size_; ++o) {
            if (from_[o] != nodes::Rearrange::kFill) {
                dx[from_[o]] = bits(number(dx[from_[o]]) + number(dy[o]));
            }
        }
    }

private:
    std::vector<std::uint32_t> from_;
};

class ConcatGradient : public NodeGradient {
public:
    ConcatGradient(const nodes::Concat& node, const GradientContext& c)
        : NodeGradient(c), ports_(c.graph.ports[c.node]) {
        const Shape& out = c.forward.out;
        const std::size_t axis = *resolve_axis(node.axis, out.size());
        inner_ = element_count(Shape(out.begin() + static_cast<std::ptrdiff_t>(axis) + 1, out.end()));
        row_ = out[axis] * inner_;
        for (const Port& port : ports_) {
            blocks_.push_back(port.shape[axis] * inner_);
        }
    }

    void step(Tape& tape, Place at, Space&) override {
        const u32* dy = own(tape, at);
        for (std::size_t p = 0; p < ports_.size(); dy += blocks_[p++]) {
            u32* const dx = target(tape, ports_[p].source, at);
            for (std::size_t first = 0; dx != nullptr && first < size_ / row_; ++first) {
                add_to(dx + first * blocks_[p], dy + first * row_, blocks_[p]);
            }
        }
    }

private:
    std::vector<Port> ports_;
    std::vector<std::size_t> blocks_;  ///< elements side by side, of each port
    std::size_t inner_, row_;
};

}  // namespace

std::unique_ptr<NodeGradient> make_gradient(const nodes::Rearrange& node, const GradientContext& context) {
    return std::make_unique<RearrangeGradient>(node, context);
}

std::unique_ptr<NodeGradient> make_gradient(const nodes::Concat& node, const GradientContext& context) {
    return std::make_unique<ConcatGradient>(node, context);
}

}  // namespace axfire::train
