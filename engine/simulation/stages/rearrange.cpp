// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "engine/simulation/device/program.h"

namespace axfire {

namespace {

/// Copies elements of its sources to other places, by one list of targets for each element of each source. Events where
/// all sources carry events; what no element reaches is `fill`, or no event.
class CopyStage : public Stage {
public:
    /// Source `port` element `from` goes to `to`.
    struct Move {
        std::size_t port;
        u32 from;
        u32 to;
    };

    CopyStage(std::vector<Port> ports, const std::vector<Move>& moves, std::size_t outputs, float fill)
        : ports_(std::move(ports)), outputs_(outputs), fill_(std::bit_cast<u32>(fill)) {
        events_ = std::all_of(ports_.begin(), ports_.end(), [](const Port& p) { return p.events; });
        from_.resize(outputs, kAbsent);
        port_.resize(outputs);
        targets_.resize(ports_.size());
        for (std::size_t p = 0; p < ports_.size(); ++p) {
            targets_[p].begin.resize(element_count(ports_[p].shape) + 1);
        }
        for (const Move& m : moves) {
            from_[m.to] = m.from;
            port_[m.to] = static_cast<u32>(m.port);
            ++targets_[m.port].begin[m.from + 1];
        }
        if (events_) {
            list_targets(moves);
        }
    }

    void reset(StageState& s) const override {
        s.scratch.resize(ports_.size());
        if (s.sums.empty()) {
            s.sums = Buffer(outputs_, fill_);
        }
    }

    void step(const std::vector<Source>& sources, StageState& s, u32) const override {
        s.out.clear();
        if (events_) {
            move_events(sources, s);
            return;
        }
        std::vector<const u32*> x;
        for (std::size_t p = 0; p < ports_.size(); ++p) {
            x.push_back(spread(sources[ports_[p].source], element_count(ports_[p].shape), s.scratch[p]));
        }
        for (std::size_t o = 0; o < outputs_; ++o) {
            if (from_[o] != kAbsent) {
                const u32* values = x[port_[o]];
                s.sums[o] = values == nullptr ? kAbsent : values[from_[o]];
            }
        }
        s.out.values = s.sums.data();
    }

    void describe(const std::vector<DeviceSource>& sources, u32* out, DeviceProgram& p) const override {
        if (ports_.size() > device::kMaxPorts) {
            throw NotOnDevice(fmt::format("more than {} sources", device::kMaxPorts));
        }
        device::MoveArgs a{};
        a.count = static_cast<u32>(outputs_);
        a.from = p.constant(from_);
        a.port = p.constant(port_);
        for (std::size_t i = 0; i < ports_.size(); ++i) {
            a.values[i] = sources[ports_[i].source].values;
            a.sizes[i] = static_cast<u32>(sources[ports_[i].source].size);
        }
        a.fill = events_ ? kAbsent : fill_;
        a.out = out;
        p.launch("MoveElements", a, outputs_);
    }

private:
    struct Targets {
        std::vector<u32> begin;  ///< [elements + 1]
        std::vector<u32> to;
    };

    void list_targets(const std::vector<Move>& moves) {
        for (Targets& t : targets_) {
            for (std::size_t i = 1; i < t.begin.size(); ++i) {
                t.begin[i] += t.begin[i - 1];
            }
            t.to.resize(t.begin.back());
        }
        std::vector<std::vector<u32>> next;
        for (const Targets& t : targets_) {
            next.push_back(t.begin);
        }
        for (const Move& m : moves) {
            targets_[m.port].to[next[m.port][m.from]++] = m.to;
        }
    }

    void move_events(const std::vector<Source>& sources, StageState& s) const {
        s.reached.clear();
        for (std::size_t p = 0; p < ports_.size(); ++p) {
            const EventView events = sources[ports_[p].source].signal->events();
            const Targets& t = targets_[p];
            for (u32 e = 0; e < events.count; ++e) {
                for (u32 k = t.begin[events.index[e]]; k < t.begin[events.index[e] + 1]; ++k) {
                    s.reached.push_back(t.to[k]);
                    s.out.amplitude.push_back(events.amplitude != nullptr ? events.amplitude[e] : kOneBits);
                }
            }
        }
        sort_events(s.reached, s.out);
    }

    std::vector<Port> ports_;
    std::size_t outputs_;
    u32 fill_;
    bool events_;
    std::vector<u32> from_, port_;  ///< of each output
    std::vector<Targets> targets_;  ///< of each port
};

}  // namespace

std::unique_ptr<Stage> make_stage(const nodes::Rearrange& node, const StageContext& c) {
    std::vector<CopyStage::Move> moves;
    for (std::size_t o = 0; o < node.source.size(); ++o) {
        if (node.source[o] != nodes::Rearrange::kFill) {
            moves.push_back({0, node.source[o], static_cast<u32>(o)});
        }
    }
    return std::make_unique<CopyStage>(std::vector<Port>{{0, c.in, c.in_events}}, moves, node.source.size(), node.fill);
}

std::unique_ptr<Stage> make_stage(const nodes::Concat& node, const StageContext& c) {
    const std::size_t axis = *resolve_axis(node.axis, c.out.size());
    const std::size_t inner = element_count(Shape(c.out.begin() + static_cast<std::ptrdiff_t>(axis) + 1, c.out.end()));
    std::vector<CopyStage::Move> moves;
    std::size_t offset = 0;
    for (std::size_t p = 0; p < c.ports.size(); ++p) {
        const std::size_t block = c.ports[p].shape[axis] * inner;
        for (std::size_t i = 0; i < element_count(c.ports[p].shape); ++i) {
            const std::size_t to = i / block * (c.out[axis] * inner) + offset + i % block;
            moves.push_back({p, static_cast<u32>(i), static_cast<u32>(to)});
        }
        offset += block;
    }
    return std::make_unique<CopyStage>(c.ports, moves, element_count(c.out), 0.0f);
}

}  // namespace axfire
