// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <tuple>

#include "engine/simulation/device/program.h"
#include "engine/simulation/stages/maxpool2d.h"
#include "engine/simulation/stages/window.h"

namespace axfire {

namespace {

/// Elements of a window from `first` to before `end`, along one axis; places count from the first padded one.
std::size_t inside(std::size_t o, const nodes::Pool2d& node, std::size_t axis, std::size_t first, std::size_t end) {
    std::size_t n = 0;
    for (std::size_t k = 0; k < node.kernel[axis]; ++k) {
        const std::size_t place = o * node.stride[axis] + k * node.dilation[axis];
        n += place >= first && place < end;
    }
    return n;
}

class Pool2dStage : public Stage {
public:
    Pool2dStage(const nodes::Pool2d& node, const StageContext& c)
        : in_events_(c.in_events), spreads_(c.spreads_events()) {
        Pool2dArgs& a = args_;
        a = {};
        a.channels = static_cast<u32>(c.out[0]);
        set_window(a, node.kernel[0], node.kernel[1], node, c);
        a.average = node.kind == nodes::Pool2d::Kind::average;
        a.arithmetic = c.projection();
        emits_events_ = in_events_ && !a.average;

        std::vector<double> factor;
        for (std::size_t y = 0; y < a.height_out; ++y) {
            for (std::size_t x = 0; x < a.width_out; ++x) {
                std::size_t n = 1;
                for (const auto& [axis, o, in] :
                     {std::tuple{std::size_t{0}, y, a.height_in}, std::tuple{std::size_t{1}, x, a.width_in}}) {
                    const std::size_t first = node.count_include_pad ? 0 : node.pad_begin[axis];
                    const std::size_t end =
                        node.pad_begin[axis] + in + (node.count_include_pad ? node.pad_end[axis] : 0);
                    n *= inside(o, node, axis, first, end);
                }
                factor.push_back(a.average && n != 0 ? 1.0 / static_cast<double>(n) : 1.0);
            }
        }
        factor_add_ = constants(a.arithmetic.add, factor);
        factor_mul_ = constants(a.arithmetic.mul, factor);
        rows_ = rows_of(a);
        columns_ = columns_of(a);
        a.factor_add = factor_add_.data();
        a.factor_mul = factor_mul_.data();
        a.rows = rows_.view();
        a.columns = columns_.view();
        outputs_ = element_count(c.out);
        inputs_ = element_count(c.in);
        kernel_ = in_events_ ? c.projections().pool2d_events : c.projections().pool2d_dense;
    }

    void reset(StageState& s) const override {
        if (s.sums.empty()) {
            s.sums = Buffer(outputs_);
            s.scratch.resize(1);
            s.scratch[0] = Buffer(in_events_ ? outputs_ : inputs_);
        }
        s.sums.fill(kAbsent);
        s.reached.clear();
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.out.clear();
        if (in_events_ && sources[0].signal->index.empty() && s.reached.empty()) {
            return;
        }
        Pool2dArgs a = args_;
        a.arithmetic.site = s.site;
        a.sums = s.sums.data();
        if (!in_events_) {
            a.values = sources[0].signal->values != nullptr ? sources[0].signal->values : s.scratch[0].data();
            kernel_(a);
            s.out.values = s.sums.data();
        } else {
            for (const u32 o : s.reached) {
                s.sums[o] = kAbsent;
            }
            a.events = sources[0].signal->events();
            a.reached = s.scratch[0].data();
            a.reached_count = 0;
            if (a.events.count != 0) {
                a.values = spreads_ ? spread(sources[0], inputs_, s.input) : nullptr;
                kernel_(a);
            }
            s.reached.assign(a.reached, a.reached + a.reached_count);
            if (emits_events_) {
                emit(s);
            } else if (!s.reached.empty()) {
                s.out.values = s.sums.data();
            }
        }
        s.counts.synaptic_operations += a.operations;
        s.counts.multiplications += a.products;
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        device::PoolArgs c{args_, emits_events_, p.counters()};
        Pool2dArgs& a = c.pool;
        a.factor_add = p.constant(factor_add_);
        a.factor_mul = p.constant(factor_mul_);
        a.values = sources[0].values;
        a.sums = out;
        a.arithmetic = p.units(args_.arithmetic);
        a.rows = a.columns = {};
        const char* const kernel = in_events_ ? "PoolEvents<Add, Mul>" : "PoolImage<Add, Mul>";
        p.launch(kernel, args_.arithmetic.add, args_.arithmetic.mul, c, outputs_);
        if (!in_events_) {
            const u64 operations = static_cast<u64>(outputs_) * a.kernel_h * a.kernel_w;
            p.count({.synaptic_operations = operations, .multiplications = a.average ? operations : 0});
        }
    }

private:
    /// The sums as events by ascending index; a sum of 0 is none.
    static void emit(StageState& s) {
        std::sort(s.reached.begin(), s.reached.end());
        bool graded = false;
        for (const u32 o : s.reached) {
            if ((s.sums[o] & ~kSignBit) != 0) {
                s.out.index.push_back(o);
                s.out.amplitude.push_back(s.sums[o]);
                graded = graded || s.sums[o] != kOneBits;
            }
        }
        if (!graded) {
            s.out.amplitude.clear();
        }
    }

    bool in_events_;
    bool spreads_;
    bool emits_events_;
    std::size_t inputs_, outputs_;
    Buffer factor_add_, factor_mul_;
    Taps rows_, columns_;
    Pool2dArgs args_;
    void (*kernel_)(Pool2dArgs&);
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Pool2d& node, const StageContext& context) {
    if (node.kind == nodes::Pool2d::Kind::maximum) {
        return make_max_pool(node, context);
    }
    return std::make_unique<Pool2dStage>(node, context);
}

}  // namespace axfire
