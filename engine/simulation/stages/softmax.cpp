// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/simulation/device/program.h"
#include "synapses/softmax.h"

namespace axfire {

namespace {

/// exp(x_i - max) / sum exp(x_j - max) along an axis: in binary32, the sum from +0 by ascending index; then rounded to
/// the adder's format. What did not arrive is +0. A NaN makes its whole line NaN.
class SoftmaxStage : public Stage {
public:
    SoftmaxStage(const nodes::Softmax& node, const StageContext& c)
        : n_(element_count(c.out)), add_(c.arithmetic.synapse_add), convert_(c.kernels.convert) {
        const std::size_t axis = *resolve_axis(node.axis, c.out.size());
        extent_ = c.out[axis];
        stride_ = element_count(Shape(c.out.begin() + static_cast<std::ptrdiff_t>(axis) + 1, c.out.end()));
    }

    void reset(StageState& s) const override {
        if (s.sums.empty()) {
            s.sums = Buffer(n_);
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        const u32* x = spread(sources[0], n_, s.input);
        for (std::size_t i = 0; i < n_; ++i) {
            s.sums[i] = x == nullptr || x[i] == kAbsent ? 0 : x[i];
        }
        for (std::size_t block = 0; block < n_; block += extent_ * stride_) {
            for (std::size_t first = block; first < block + stride_; ++first) {
                softmax_line(s.sums.data() + first, extent_, stride_);
            }
        }
        convert_(add_.format, loading(add_.rounding), s.sums.data(), s.sums.data(), n_);
        s.out.clear();
        s.out.values = s.sums.data();
        s.counts.neuron_updates += n_;
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        p.launch("Softmax",
                 device::SoftmaxArgs{static_cast<u32>(n_), static_cast<u32>(extent_), static_cast<u32>(stride_),
                                     add_.format, loading(add_.rounding), sources[0].values, out},
                 n_ / extent_);
        p.count({.neuron_updates = n_});
    }

private:
    std::size_t n_, extent_, stride_;
    AdderSpec add_;
    void (*convert_)(const Format&, Rounding, const u32*, u32*, std::size_t);
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Softmax& node, const StageContext& context) {
    return std::make_unique<SoftmaxStage>(node, context);
}

}  // namespace axfire
