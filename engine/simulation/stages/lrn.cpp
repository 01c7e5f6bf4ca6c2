// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "arith/elementary.h"
#include "engine/simulation/device/program.h"

namespace axfire {

namespace {

/// y_c = mul(x_c, p_c), p_c = (bias + sum alpha / size * x_i^2)^-beta over the channels around c. The squares and their
/// products with alpha / size come from the multiplier, the sums from the adder: +0, then the channels ascending, then
/// the bias. The power is computed in binary32. What did not arrive is +0.
class LrnStage : public Stage {
public:
    LrnStage(const nodes::Lrn& node, const StageContext& c) : n_(element_count(c.out)), channels_(c.out[0]) {
        before_ = (node.size - 1) / 2;
        after_ = node.size - 1 - before_;
        factor_ =
            constants(c.arithmetic.synapse_mul, std::vector<double>(n_, node.alpha / static_cast<double>(node.size)));
        bias_ = constants(c.arithmetic.synapse_add, std::vector<double>(n_ / channels_, node.bias));
        exponent_ = std::bit_cast<u32>(static_cast<float>(-node.beta));
        arithmetic_ = c.projection();
        multiply_ = c.projections().multiply_signals;
        scale_ = c.projections().scale_signal;
        add_ = c.projections().add_signals;
    }

    void reset(StageState& s) const override {
        if (s.sums.empty()) {
            s.sums = Buffer(n_);
            s.scratch.assign(3, Buffer(n_));
            s.scratch.emplace_back(n_ / channels_);  // the sums of one channel
            s.scratch.emplace_back(n_ / channels_);  // a channel's terms, apart so that vectors may read past its end
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        Buffer& x = s.scratch[0];
        Buffer& term = s.scratch[1];
        Buffer& power = s.scratch[2];
        const u32* given = spread(sources[0], n_, s.input);
        for (std::size_t i = 0; i < n_; ++i) {
            x[i] = given == nullptr || given[i] == kAbsent ? 0 : given[i];
        }
        run(multiply_, 0, n_, x.data(), x.data(), term.data(), s);
        run(scale_, 1, n_, term.data(), factor_.data(), term.data(), s);
        const std::size_t plane = n_ / channels_;
        for (std::size_t c = 0; c < channels_; ++c) {
            Buffer& sum = s.scratch[3];
            sum.fill(0);
            const std::size_t end = std::min(channels_, c + after_ + 1);
            for (std::size_t i = c - std::min(c, before_); i < end; ++i) {
                std::copy_n(term.data() + i * plane, plane, s.scratch[4].data());
                run(add_, operand(c, i), plane, sum.data(), s.scratch[4].data(), sum.data(), s);
            }
            run(add_, operand(c, channels_), plane, sum.data(), bias_.data(), sum.data(), s);
            for (std::size_t p = 0; p < plane; ++p) {
                power[c * plane + p] = fp_pow(sum[p], exponent_);
            }
            s.counts.synaptic_operations += plane * (end - (c - std::min(c, before_)));
        }
        run(multiply_, 2, n_, x.data(), power.data(), s.sums.data(), s);
        s.counts.multiplications += 3 * n_;
        s.out.clear();
        s.out.values = s.sums.data();
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        const u32 n = static_cast<u32>(n_);
        const AdderSpec& add = arithmetic_.add;
        const MultiplierSpec& mul = arithmetic_.mul;
        const ProjectionArithmetic units = p.units(arithmetic_);
        device::LrnArgs a{};
        a.sum = {n, 0, nullptr, nullptr, nullptr, units};
        a.channels = static_cast<u32>(channels_);
        a.before = static_cast<u32>(before_);
        a.after = static_cast<u32>(after_);
        a.exponent = exponent_;
        a.bias = p.constant(bias_);
        u32* const x = p.array(n_, 0);
        u32* const term = p.array(n_, 0);
        a.term = term;
        a.power = p.array(n_, 0);
        device::Counters* const other = reinterpret_cast<device::Counters*>(p.array(sizeof(device::Counters) / 4, 0));
        const auto multiply = [&](const char* functor, u32 operand, const u32* left, const u32* right, u32* to) {
            const ElementwiseArgs product{n, operand, left, right, to, units};
            const bool constant = operand == 1;
            p.launch(functor, add, mul, device::ProductArgs{product, constant, nullptr, n, nullptr, other}, n_);
        };
        p.launch("TakeArrived", device::ArriveArgs{n, sources[0].values, x}, n_);
        multiply("MultiplySignals<true, Add, Mul>", 0, x, x, term);
        multiply("MultiplySignals<false, Add, Mul>", 1, term, p.constant(factor_), term);
        p.launch("LrnPower<Add, Mul>", add, mul, a, n_);
        multiply("MultiplySignals<true, Add, Mul>", 2, x, a.power, out);
        std::size_t terms = 0;
        for (std::size_t c = 0; c < channels_; ++c) {
            terms += std::min(channels_, c + after_ + 1) - (c - std::min(c, before_));
        }
        p.count({.synaptic_operations = n_ / channels_ * terms, .multiplications = 3 * n_});
    }

private:
    /// Numbers the additions of channel c for stochastic rounding.
    u32 operand(std::size_t c, std::size_t i) const { return static_cast<u32>(3 + c * (channels_ + 1) + i); }

    void run(void (*kernel)(ElementwiseArgs&), u32 operand, std::size_t n, const u32* a, const u32* b, u32* out,
             StageState& s) const {
        ElementwiseArgs args{static_cast<u32>(n), operand, a, b, out, arithmetic_};
        args.arithmetic.site = s.site;
        kernel(args);
    }

    std::size_t n_, channels_, before_, after_;
    Buffer factor_, bias_;
    u32 exponent_;
    ProjectionArithmetic arithmetic_;
    void (*multiply_)(ElementwiseArgs&);
    void (*scale_)(ElementwiseArgs&);
    void (*add_)(ElementwiseArgs&);
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Lrn& node, const StageContext& context) {
    return std::make_unique<LrnStage>(node, context);
}

}  // namespace axfire
