// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "arith/elementary.h"
#include "engine/simulation/stage.h"

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
                line(s.sums.data() + first);
            }
        }
        convert_(add_.format, loading(add_.rounding), s.sums.data(), s.sums.data(), n_);
        s.out.clear();
        s.out.values = s.sums.data();
        s.counts.neuron_updates += n_;
    }

private:
    void line(u32* x) const {
        float most = std::bit_cast<float>(x[0]);
        for (std::size_t i = 1; i < extent_; ++i) {
            most = std::max(most, std::bit_cast<float>(x[i * stride_]));
        }
        float sum = 0;
        for (std::size_t i = 0; i < extent_; ++i) {
            u32& value = x[i * stride_];
            value = fp_exp(std::bit_cast<u32>(std::bit_cast<float>(value) - most));
            sum += std::bit_cast<float>(value);
        }
        for (std::size_t i = 0; i < extent_; ++i) {
            const float y = std::bit_cast<float>(x[i * stride_]) / sum;
            x[i * stride_] = y != y ? kCanonicalNan : std::bit_cast<u32>(y);
        }
    }

    std::size_t n_, extent_, stride_;
    AdderSpec add_;
    void (*convert_)(const Format&, Rounding, const u32*, u32*, std::size_t);
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Softmax& node, const StageContext& context) {
    return std::make_unique<SoftmaxStage>(node, context);
}

}  // namespace axfire
