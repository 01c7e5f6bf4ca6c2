// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/train/gradients/input_rows.h"

namespace axfire::train {

namespace {

u32 u(std::size_t n) {
    return static_cast<u32>(n);
}

/// dL/dx is a convolution of dL/dy, its places apart by the stride, with the kernel turned round and the channels
/// exchanged. dL/dW is a convolution, too: x by dL/dy, whose rows are as many input channels, with stride and dilation
/// exchanged; its outputs are the places of the kernel.
class Conv2dGradient : public NodeGradient {
public:
    Conv2dGradient(const nodes::Conv2d& node, const GradientContext& c)
        : NodeGradient(c), context_(c.backward), slopes_(c), source_(c, slopes_), has_bias_(!node.bias.empty()) {
        const Shape& w = node.weight.shape;
        const Shape& in = context_.in;
        groups_ = u(node.groups);
        group_in_ = u(w[1]);
        group_out_ = u(w[0] / node.groups);
        lanes_ = padded(group_out_);
        height_ = u(in[in.size() - 2]);
        width_ = u(in[in.size() - 1]);
        out_h_ = u(context_.out[1]);
        out_w_ = u(context_.out[2]);
        places_ = out_h_ * out_w_;
        max_rows_ = u(c.tape.rows(c.node));
        packed_ = Buffer(static_cast<std::size_t>(groups_) * max_rows_ * places_ * lanes_);
        chunk_ = std::clamp(kChunk / (places_ * lanes_), 1u, std::max(1u, max_rows_));
        set_weight_geometry(node, w);
        set_input_geometry(node, w);
    }

    void refresh(const Node& node) override {
        if (!graph_.learns[graph_.sources[node_][0].node]) {
            return;
        }
        const auto& conv = std::get<nodes::Conv2d>(node.kind);
        const std::size_t window = conv.weight.shape[2] * conv.weight.shape[3];
        std::vector<float> space;
        const std::vector<float>& weights = slopes_.by_x(conv.weight.data, space);
        for (std::size_t o = 0; o < conv.weight.shape[0]; ++o) {
            const std::size_t group = o / group_out_;
            for (std::size_t i = 0; i < group_in_; ++i) {
                const float* from = weights.data() + (o * group_in_ + i) * window;
                float* to = turned_.weight.data.data() +
                            ((group * group_in_ + i) * group_out_ + o % group_out_) * window + window - 1;
                for (std::size_t k = 0; k < window; ++k) {
                    *to-- = from[k];
                }
            }
        }
        backward_ = make_stage(turned_, context_);
    }

    void step(Tape& tape, Place at, Space& space) override {
        const u32* dy = own(tape, at);
        const std::size_t row = tape.row(node_, at);
        for (std::size_t g = 0; g < groups_; ++g) {
            u32* to = packed_row(g, row);
            const u32* from = dy + g * group_out_ * places_;
            for (u32 p = 0; p < places_; ++p, to += lanes_) {
                for (u32 o = 0; o < group_out_; ++o) {
                    to[o] = from[o * places_ + p];
                }
            }
        }
        source_.note(tape, at);
        if (u32* const dx = target(tape, 0, at)) {
            StageState& state = space.backward[node_];
            Signal signal;
            signal.values = spreads_ ? spread_out(dy, space) : dy;
            backward_->reset(state);
            backward_->step({{&signal, false}}, state, at.step);
            add_to(dx, state.out.values, static_cast<std::size_t>(groups_) * group_in_ * height_ * width_);
        }
    }

    std::size_t tasks(const Tape&) const override {
        return static_cast<std::size_t>(groups_) * group_in_ * row_tasks_ + has_bias_;
    }

    void sum(const Tape& tape, std::size_t task, Space& space, const TensorGradients& gradients) const override {
        const u32 rows = u(tape.rows(node_));
        const u32 channels = groups_ * group_in_;
        if (task == static_cast<std::size_t>(channels) * row_tasks_) {
            sum_bias(rows, *gradients[1]);
            return;
        }
        const u32 channel = u(task) / row_tasks_;
        const u32 group = channel / group_in_;
        const u32 plane = height_ * width_;
        Conv2dArgs a = args_;
        if (row_tasks_ > 1) {
            a.first_row = u(task) % row_tasks_;
            a.last_row = a.first_row + 1;
        }
        Buffer& planes = space.scratch[node_];
        if (planes.empty()) {
            planes = Buffer(static_cast<std::size_t>(chunk_) * a.plane_h * a.plane_w + kPad);
        }
        a.plane = planes.data();
        a.place = place_.data();
        const std::size_t count = static_cast<std::size_t>(group_out_) * a.height_out * a.width_out;
        Buffer x(static_cast<std::size_t>(chunk_) * plane), sums(count), total(count), converted;
        a.values = x.data();
        a.sums = sums.data();
        for (u32 first = 0; first < rows; first += chunk_) {
            a.channels_in = std::min(chunk_, rows - first);
            for (u32 r = 0; r < a.channels_in; ++r) {
                std::copy_n(source_.rows(tape).row(first + r) + channel * plane, plane, x.data() + r * plane);
            }
            a.weight_mul = operands(group, first, a.channels_in, converted);
            context_.projections().conv2d_dense(a);
            if (first == 0) {
                std::swap(sums, total);
                a.sums = sums.data();
            } else {
                ElementwiseArgs e{u(count), 0, total.data(), sums.data(), total.data(), context_.projection()};
                context_.projections().add_signals(e);
            }
        }
        const u32 window = a.height_out * a.width_out;
        const u32 last_row = std::min(a.last_row, a.height_out);
        for (u32 o = 0; o < group_out_; ++o) {
            float* out = gradients[0]->data() +
                         (static_cast<std::size_t>(group * group_out_ + o) * group_in_ + channel % group_in_) * window;
            for (u32 k = a.first_row * a.width_out; k < last_row * a.width_out; ++k) {
                out[k] = number(total[o * window + k]);
            }
        }
    }

private:
    static constexpr u32 kChunk = 1 << 16;  ///< values of dL/dy that stay near the processor

    u32* packed_row(std::size_t group, std::size_t row) {
        return packed_.data() + (group * max_rows_ + row) * places_ * lanes_;
    }

    const u32* operands(u32 group, u32 first, u32 rows, Buffer& space) const {
        const std::size_t at = (static_cast<std::size_t>(group) * max_rows_ + first) * places_ * lanes_;
        const MultiplierSpec& mul = context_.arithmetic.synapse_mul;
        if (mul.format == kFp32) {
            return packed_.data() + at;
        }
        const std::size_t n = static_cast<std::size_t>(rows) * places_ * lanes_;
        space = Buffer(n);
        context_.kernels.convert(mul.format, loading(mul.rounding), packed_.data() + at, space.data(), n);
        return space.data();
    }

    /// Each row's sum over its places, and the sum of those.
    void sum_bias(u32 rows, std::vector<float>& gradient) const {
        Buffer sums(static_cast<std::size_t>(rows) * lanes_), total(lanes_);
        for (std::size_t g = 0; g < groups_; ++g) {
            for (std::size_t r = 0; r < rows; ++r) {
                add_rows(context_, packed_.data() + (g * max_rows_ + r) * places_ * lanes_, places_, group_out_,
                         sums.data() + r * lanes_);
            }
            add_rows(context_, sums.data(), rows, group_out_, total.data());
            for (std::size_t o = 0; o < group_out_; ++o) {
                gradient[g * group_out_ + o] = number(total[o]);
            }
        }
    }

    /// The places of dL/dy where the turned kernel, without padding, finds them.
    const u32* spread_out(const u32* dy, Space& space) const {
        const u32 channels = groups_ * group_out_;
        const u32 plane = spread_h_ * spread_w_;
        Buffer& wide = space.values;
        if (wide.size() < static_cast<std::size_t>(channels) * plane) {
            wide = Buffer(static_cast<std::size_t>(channels) * plane);
        }
        std::fill_n(wide.data(), static_cast<std::size_t>(channels) * plane, 0u);
        for (u32 c = 0; c < channels; ++c) {
            for (u32 y = 0; y < out_h_; ++y) {
                const u32 row = y * stride_[0] + offset_[0];  // wraps to a large number above the image
                for (u32 x = 0; row < spread_h_ && x < out_w_; ++x) {
                    const u32 column = x * stride_[1] + offset_[1];
                    if (column < spread_w_) {
                        wide[c * plane + row * spread_w_ + column] = dy[(c * out_h_ + y) * out_w_ + x];
                    }
                }
            }
        }
        return wide.data();
    }

    void set_weight_geometry(const nodes::Conv2d& node, const Shape& w) {
        Conv2dArgs& a = args_;
        a = {};
        a.channels_in = chunk_;
        a.height_in = height_;
        a.width_in = width_;
        a.channels_out = group_out_;
        a.height_out = u(w[2]);
        a.width_out = u(w[3]);
        a.kernel_h = out_h_;
        a.kernel_w = out_w_;
        a.stride_h = u(node.dilation[0]);
        a.stride_w = u(node.dilation[1]);
        a.pad_h = u(node.pad_begin[0]);
        a.pad_w = u(node.pad_begin[1]);
        a.dilation_h = u(node.stride[0]);
        a.dilation_w = u(node.stride[1]);
        a.groups = 1;
        a.group_stride = lanes_;
        a.arithmetic = context_.projection();
        a.lanes_along_rows = a.width_out * lanes_ > padded(a.width_out) * group_out_;
        a.plane_h = std::max(a.pad_h + height_, (a.height_out - 1) * a.stride_h + (a.kernel_h - 1) * a.dilation_h + 1);
        const u32 columns = padded(a.width_out) * a.stride_w + (a.kernel_w - 1) * a.dilation_w;
        a.plane_w = (std::max(a.pad_w + width_, columns) + a.stride_w - 1) / a.stride_w * a.stride_w;
        for (u32 x = 0; x < a.plane_w; ++x) {
            place_.push_back(x % a.stride_w * (a.plane_w / a.stride_w) + x / a.stride_w);
        }
        row_tasks_ = groups_ * group_in_ < 8 ? a.height_out : 1;
    }

    void set_input_geometry(const nodes::Conv2d& node, const Shape& w) {
        turned_.weight = {{w[1] * node.groups, group_out_, w[2], w[3]}, std::vector<float>(node.weight.data.size())};
        turned_.groups = node.groups;
        turned_.dilation = node.dilation;
        const std::size_t extent[2] = {height_, width_};
        const std::size_t out[2] = {out_h_, out_w_};
        std::size_t wide[2];
        spreads_ = false;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::size_t span = node.dilation[axis] * (w[2 + axis] - 1);
            wide[axis] = extent[axis] + span;
            stride_[axis] = u(node.stride[axis]);
            offset_[axis] = u(span) - u(node.pad_begin[axis]);
            const bool fits = node.stride[axis] == 1 && node.pad_begin[axis] <= span &&
                              wide[axis] >= out[axis] + span - node.pad_begin[axis];
            spreads_ = spreads_ || !fits;
        }
        for (std::size_t axis = 0; axis < 2 && !spreads_; ++axis) {
            turned_.pad_begin[axis] = offset_[axis];
            turned_.pad_end[axis] = wide[axis] - out[axis] - offset_[axis];
        }
        spread_h_ = u(wide[0]);
        spread_w_ = u(wide[1]);
        const std::size_t channels = static_cast<std::size_t>(groups_) * group_out_;
        context_.out = {w[1] * node.groups, height_, width_};
        context_.in = spreads_ ? Shape{channels, spread_h_, spread_w_} : Shape{channels, out_h_, out_w_};
        context_.in_events = false;
        context_.weight_format = slopes_.none() ? context_.weight_format : nullptr;
    }

    StageContext context_;
    ProductSlopes slopes_;
    InputRows source_;
    bool has_bias_;
    u32 groups_, group_in_, group_out_, lanes_, height_, width_, out_h_, out_w_, places_, max_rows_;
    u32 chunk_;        ///< rows that are summed together, before the sums are
    Buffer packed_;    ///< dL/dy as weights: [groups][rows][places][padded group_out]
    Conv2dArgs args_;  ///< of the weights' gradient for one input channel
    std::vector<u32> place_;
    u32 row_tasks_;  ///< tasks of one input channel
    nodes::Conv2d turned_;
    bool spreads_;
    u32 stride_[2], offset_[2], spread_h_, spread_w_;
    std::unique_ptr<Stage> backward_;
};

}  // namespace

std::unique_ptr<NodeGradient> make_gradient(const nodes::Conv2d& node, const GradientContext& context) {
    return std::make_unique<Conv2dGradient>(node, context);
}

}  // namespace axfire::train
