// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "engine/simulation/stages/maxpool2d.h"
#include "engine/simulation/stages/taps.h"

namespace axfire {

namespace {

class MaxPool2dStage : public Stage {
public:
    MaxPool2dStage(const nodes::Pool2d& node, const StageContext& c)
        : events_(c.in_events), inputs_(element_count(c.in)), outputs_(element_count(c.out)) {
        const auto u = [](std::size_t n) { return static_cast<u32>(n); };
        channels_ = u(c.out[0]);
        height_in_ = u(c.in[c.in.size() - 2]);
        width_in_ = u(c.in[c.in.size() - 1]);
        height_out_ = u(c.out[1]);
        width_out_ = u(c.out[2]);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            kernel_[axis] = u(node.kernel[axis]);
            stride_[axis] = u(node.stride[axis]);
            pad_[axis] = u(node.pad_begin[axis]);
            dilation_[axis] = u(node.dilation[axis]);
        }
        rows_ = Taps(height_in_, height_out_, kernel_[0], stride_[0], pad_[0], dilation_[0]);
        columns_ = Taps(width_in_, width_out_, kernel_[1], stride_[1], pad_[1], dilation_[1]);
        arithmetic_ = c.projection();
        add_ = c.projections().add_signals;
    }

    void reset(StageState& s) const override {
        s.scratch.resize(1);
        if (events_) {
            s.sums = Buffer(inputs_);  // what each input has sent so far
        } else if (s.sums.empty()) {
            s.sums = Buffer(outputs_);
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.out.clear();
        if (events_) {
            gate(sources[0], s);
            return;
        }
        const u32* x = sources[0].signal->values;
        for (u32 o = 0; o < outputs_; ++o) {
            u32 best = 0;
            if (x != nullptr) {
                const u32 at = largest(x, o);
                best = at == kAbsent || x[at] == kAbsent ? 0 : x[at];
            }
            s.sums[o] = best;
        }
        s.out.values = s.sums.data();
    }

private:
    /// Index of the largest element of an output's window, the first of equal ones; NaN is larger than all. What did
    /// not arrive is +0. kAbsent for a window of nothing but padding.
    u32 largest(const u32* x, u32 output) const {
        const u32 plane = height_out_ * width_out_;
        const u32 channel = output / plane;
        const u32 y = output % plane / width_out_ * stride_[0];
        const u32 left = output % width_out_ * stride_[1];
        u32 best = kAbsent;
        float most = 0;
        for (u32 ky = 0; ky < kernel_[0]; ++ky) {
            const u32 iy = y + ky * dilation_[0] - pad_[0];  // wraps to a large number above the image
            for (u32 kx = 0; iy < height_in_ && kx < kernel_[1]; ++kx) {
                const u32 ix = left + kx * dilation_[1] - pad_[1];
                if (ix >= width_in_) {
                    continue;
                }
                const u32 at = (channel * height_in_ + iy) * width_in_ + ix;
                const float value = x[at] == kAbsent ? 0.0f : std::bit_cast<float>(x[at]);
                if (best == kAbsent || value > most || (value != value && most == most)) {
                    best = at;
                    most = value;
                }
            }
        }
        return best;
    }

    /// Of each window only the spikes of the input pass that has sent most, this step's included.
    void gate(const Source& source, StageState& s) const {
        const u32* x = spread(source, inputs_, s.scratch[0]);
        if (x == nullptr) {
            return;
        }
        ElementwiseArgs a{static_cast<u32>(inputs_), 0, s.sums.data(), x, s.sums.data(), arithmetic_};
        a.arithmetic.site = s.site;
        add_(a);
        const EventView events = source.signal->events();
        s.counts.synaptic_operations += events.count;
        s.reached.clear();
        for (u32 e = 0; e < events.count; ++e) {
            const u32 index = events.index[e];
            const u32 channel = index / (height_in_ * width_in_);
            const u32 y = index / width_in_ % height_in_;
            const u32 column = index % width_in_;
            for (u32 ty = rows_.begin[y]; ty < rows_.begin[y + 1]; ++ty) {
                for (u32 tx = columns_.begin[column]; tx < columns_.begin[column + 1]; ++tx) {
                    const u32 output = (channel * height_out_ + rows_.taps[ty].o) * width_out_ + columns_.taps[tx].o;
                    if (largest(s.sums.data(), output) == index) {
                        s.reached.push_back(output);
                        s.out.amplitude.push_back(x[index]);
                    }
                }
            }
        }
        sort_events(s.reached, s.out);
    }

    bool events_;
    std::size_t inputs_, outputs_;
    u32 channels_, height_in_, width_in_, height_out_, width_out_;
    u32 kernel_[2], stride_[2], pad_[2], dilation_[2];
    Taps rows_, columns_;
    ProjectionArithmetic arithmetic_;
    void (*add_)(ElementwiseArgs&);
};

}  // namespace

std::unique_ptr<Stage> make_max_pool(const nodes::Pool2d& node, const StageContext& context) {
    return std::make_unique<MaxPool2dStage>(node, context);
}

}  // namespace axfire
