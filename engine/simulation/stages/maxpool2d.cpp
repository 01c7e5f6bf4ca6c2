// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "engine/simulation/device/program.h"
#include "engine/simulation/stages/maxpool2d.h"
#include "engine/simulation/stages/window.h"
#include "synapses/maxpool2d.h"

namespace axfire {

namespace {

class MaxPool2dStage : public Stage {
public:
    MaxPool2dStage(const nodes::Pool2d& node, const StageContext& c)
        : events_(c.in_events), inputs_(element_count(c.in)), outputs_(element_count(c.out)) {
        args_.channels = static_cast<u32>(c.out[0]);
        set_window(args_, node.kernel[0], node.kernel[1], node, c);
        rows_ = rows_of(args_);
        columns_ = columns_of(args_);
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
                const u32 at = largest_in_window(args_, x, o);
                best = at == kAbsent || x[at] == kAbsent ? 0 : x[at];
            }
            s.sums[o] = best;
        }
        s.out.values = s.sums.data();
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        device::MaxPoolArgs a{args_, sources[0].values, nullptr, out};
        if (events_) {
            a.sent = p.array(inputs_, 0);
            const ElementwiseArgs sum{static_cast<u32>(inputs_), 0, a.sent, a.values, a.sent, p.units(arithmetic_)};
            p.launch("SumSignals<Add, Mul>", arithmetic_.add, arithmetic_.mul,
                     device::SumArgs{sum, false, nullptr, p.counters()}, inputs_);
        }
        p.launch(events_ ? "MaxPoolEvents" : "MaxPoolImage", a, outputs_);
        p.compare(outputs_ * args_.kernel_h * args_.kernel_w);
    }

private:
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
            const u32 channel = index / (args_.height_in * args_.width_in);
            const u32 y = index / args_.width_in % args_.height_in;
            const u32 column = index % args_.width_in;
            for (u32 ty = rows_.begin[y]; ty < rows_.begin[y + 1]; ++ty) {
                for (u32 tx = columns_.begin[column]; tx < columns_.begin[column + 1]; ++tx) {
                    const u32 output =
                        (channel * args_.height_out + rows_.taps[ty].o) * args_.width_out + columns_.taps[tx].o;
                    if (largest_in_window(args_, s.sums.data(), output) == index) {
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
    MaxPool2dArgs args_;
    Taps rows_, columns_;
    ProjectionArithmetic arithmetic_;
    void (*add_)(ElementwiseArgs&);
};

}  // namespace

std::unique_ptr<Stage> make_max_pool(const nodes::Pool2d& node, const StageContext& context) {
    return std::make_unique<MaxPool2dStage>(node, context);
}

}  // namespace axfire
