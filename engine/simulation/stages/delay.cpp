// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/simulation/device/program.h"

namespace axfire {

namespace {

/// y(t) = x(t - d) with d a whole number of steps, the nearest to the delay. Before that, nothing arrives.
class DelayStage : public Stage {
public:
    DelayStage(const nodes::Delay& node, const StageContext& c)
        : n_(element_count(c.out)), events_(c.in_events), late_(c.in_cycle) {
        for (std::size_t i = 0; i < n_; ++i) {
            const double seconds = node.delay_s[node.delay_s.size() == 1 ? 0 : i];
            const double steps = std::floor(seconds * 1e3 / c.how.dt_ms + 0.5);
            if (!(steps >= 0 && steps <= kMaxSteps)) {
                throw InputError(fmt::format("delay: {} s at dt {} ms is not between 0 and {} steps", seconds,
                                             c.how.dt_ms, kMaxSteps));
            }
            if (late_ && steps < 1) {
                throw InputError(
                    fmt::format("delay: {} s is less than a step of {} ms, and the delay is what breaks a "
                                "cycle: use a smaller --dt or a longer delay",
                                seconds, c.how.dt_ms));
            }
            delay_.push_back(static_cast<u32>(steps));
            longest_ = std::max(longest_, delay_.back());
        }
    }

    void reset(StageState& s) const override {
        s.ring.assign(longest_ + 1, {});
        if (!events_) {
            s.scratch.assign(longest_ + 1, Buffer(n_, kAbsent));
            s.sums = Buffer(n_, kAbsent);
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32 t) const override {
        if (!late_) {
            take(sources, s, t);
        }
        s.out.clear();
        const u32 slots = longest_ + 1;
        if (events_) {
            emit(s.ring[t % slots], s.out);
            return;
        }
        for (std::size_t i = 0; i < n_; ++i) {
            s.sums[i] = t < delay_[i] ? kAbsent : s.scratch[(t - delay_[i]) % slots][i];
        }
        s.out.values = s.sums.data();
    }

    void accept(const std::vector<Source>& sources, StageState& s, u32 t) const override {
        if (late_) {
            take(sources, s, t);
        }
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        const u32 n = static_cast<u32>(n_);
        const u32 slots = longest_ + 1;
        u32* const ring = p.array(static_cast<std::size_t>(slots) * padded(n), kAbsent);
        const device::DelayArgs a{n, slots, p.constant(delay_), sources[0].values, ring, out};
        if (!late_) {
            p.launch("TakeIntoDelay", a, n_);
        }
        p.launch("EmitFromDelay", a, n_);
        if (late_) {
            p.launch("TakeIntoDelay", a, n_, DeviceProgram::When::at_end);
        }
    }

private:
    static constexpr double kMaxSteps = 1e6;

    void take(const std::vector<Source>& sources, StageState& s, u32 t) const {
        const u32 slots = longest_ + 1;
        if (!events_) {
            Buffer& slot = s.scratch[t % slots];
            if (sources[0].signal->values == nullptr) {
                slot.fill(kAbsent);
            } else {
                std::copy_n(sources[0].signal->values, n_, slot.data());
            }
            return;
        }
        const EventView events = sources[0].signal->events();
        for (u32 e = 0; e < events.count; ++e) {
            Signal& slot = s.ring[(t + delay_[events.index[e]]) % slots];
            slot.index.push_back(events.index[e]);
            slot.amplitude.push_back(events.amplitude != nullptr ? events.amplitude[e] : kOneBits);
        }
    }

    /// Moves what has arrived to the output, by ascending index.
    static void emit(Signal& slot, Signal& out) {
        std::vector<u32> order(slot.index.size());
        std::iota(order.begin(), order.end(), 0u);
        std::sort(order.begin(), order.end(), [&](u32 a, u32 b) { return slot.index[a] < slot.index[b]; });
        for (const u32 e : order) {
            out.index.push_back(slot.index[e]);
            out.amplitude.push_back(slot.amplitude[e]);
        }
        slot.clear();
    }

    std::size_t n_;
    bool events_;
    bool late_;
    u32 longest_ = 0;
    std::vector<u32> delay_;
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Delay& node, const StageContext& context) {
    return std::make_unique<DelayStage>(node, context);
}

}  // namespace axfire
