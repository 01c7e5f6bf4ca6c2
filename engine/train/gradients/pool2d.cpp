// SPDX-License-Identifier: Apache-2.0
#include "engine/train/node_gradient.h"

namespace axfire::train {

namespace {

/// Sum and average: each element of a window gets the output's gradient, divided as the average was. Maximum: the
/// largest element gets it, the first of equal ones; NaN is larger than all.
class Pool2dGradient : public NodeGradient {
public:
    Pool2dGradient(const nodes::Pool2d& node, const GradientContext& c)
        : NodeGradient(c), maximum_(node.kind == nodes::Pool2d::Kind::maximum) {
        const Shape& in = c.forward.in;
        const Shape& out = c.forward.out;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            in_[axis] = static_cast<u32>(in[in.size() - 2 + axis]);
            out_[axis] = static_cast<u32>(out[1 + axis]);
            for (std::size_t o = 0; o < out[1 + axis]; ++o) {
                windows_[axis].push_back(window(node, axis, o));
            }
        }
        channels_ = static_cast<u32>(out[0]);
        average_ = node.kind == nodes::Pool2d::Kind::average;
        dilation_[0] = static_cast<u32>(node.dilation[0]);
        dilation_[1] = static_cast<u32>(node.dilation[1]);
    }

    void step(Tape& tape, Place at, Space&) override {
        u32* dx = target(tape, 0, at);
        if (dx == nullptr) {
            return;
        }
        const u32* x = input(tape, 0, at);
        const u32* dy = own(tape, at);
        const u32 plane = in_[0] * in_[1];
        for (u32 c = 0; c < channels_; ++c, dx += plane, x += plane) {
            for (const Window& rows : windows_[0]) {
                for (const Window& columns : windows_[1]) {
                    if (maximum_) {
                        to_largest(rows, columns, x, number(*dy++), dx);
                    } else {
                        to_all(rows, columns, number(*dy++), dx);
                    }
                }
            }
        }
    }

private:
    struct Window {
        u32 first, end;  ///< places of the input along one axis, apart by the dilation
        double counted;  ///< elements that an average divides by
    };

    Window window(const nodes::Pool2d& node, std::size_t axis, std::size_t o) const {
        const auto pad = static_cast<std::int64_t>(node.pad_begin[axis]);
        const std::int64_t extent = in_[axis];
        Window w{in_[axis], 0, 0};
        for (std::size_t k = 0; k < node.kernel[axis]; ++k) {
            const auto place = static_cast<std::int64_t>(o * node.stride[axis] + k * node.dilation[axis]) - pad;
            if (place >= 0 && place < extent) {
                w.first = std::min(w.first, static_cast<u32>(place));
                w.end = static_cast<u32>(place) + 1;
            }
            const std::int64_t padded_end = extent + static_cast<std::int64_t>(node.pad_end[axis]);
            w.counted += node.count_include_pad ? place < padded_end : place >= 0 && place < extent;
        }
        return w;
    }

    void to_all(const Window& rows, const Window& columns, float dy, u32* dx) const {
        const double n = rows.counted * columns.counted;
        const float each = dy * (average_ && n != 0 ? static_cast<float>(1.0 / n) : 1.0F);
        for (u32 y = rows.first; y < rows.end; y += dilation_[0]) {
            for (u32 x = columns.first; x < columns.end; x += dilation_[1]) {
                u32& sum = dx[y * in_[1] + x];
                sum = bits(number(sum) + each);
            }
        }
    }

    void to_largest(const Window& rows, const Window& columns, const u32* x, float dy, u32* dx) const {
        u32 best = kAbsent;
        float most = 0;
        for (u32 y = rows.first; y < rows.end; y += dilation_[0]) {
            for (u32 column = columns.first; column < columns.end; column += dilation_[1]) {
                const u32 at = y * in_[1] + column;
                const float value = number(x[at]);
                if (best == kAbsent || value > most || (value != value && most == most)) {
                    best = at;
                    most = value;
                }
            }
        }
        if (best != kAbsent) {
            dx[best] = bits(number(dx[best]) + dy);
        }
    }

    bool maximum_;
    bool average_;
    u32 in_[2], out_[2], dilation_[2], channels_;
    std::vector<Window> windows_[2];
};

}  // namespace

std::unique_ptr<NodeGradient> make_gradient(const nodes::Pool2d& node, const GradientContext& context) {
    return std::make_unique<Pool2dGradient>(node, context);
}

}  // namespace axfire::train
