// SPDX-License-Identifier: Apache-2.0
#include "engine/simulation/stage.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "engine/simulation/device/program.h"

namespace axfire {

void Stage::describe(const std::vector<DeviceSource>&, u32*, DeviceProgram&) const {
    throw NotOnDevice("this kind of node does not run on a CUDA device yet");
}

std::vector<Tile> tiles(unsigned threads, u32 count, u32 unit, u64 operations) {
    constexpr u64 kLeastOperations = 1 << 18;  // that take longer than threads need to begin and end
    const u64 units = (count + unit - 1) / unit;
    const u64 parts = std::max<u64>(1, std::min<u64>({threads, units, operations / kLeastOperations}));
    std::vector<Tile> result;
    for (u64 i = 0; i < parts; ++i) {
        const auto at = [&](u64 part) { return static_cast<u32>(std::min<u64>(count, units * part / parts * unit)); };
        result.push_back({at(i), at(i + 1)});
    }
    return result;
}

std::size_t StageState::bytes() const {
    std::size_t values = reached.size() + events_at.size();
    for (const Buffer* b : {&v, &current, &refractory, &fired, &spike_count, &sums, &input}) {
        values += b->size();
    }
    for (const Buffer& b : scratch) {
        values += b.size();
    }
    return values * sizeof(u32) + quiet.size() + touched.size();
}

std::unique_ptr<Stage> compile_node(const Node& node, const StageContext& context) {
    return std::visit(
        [&](const auto& kind) -> std::unique_ptr<Stage> {
            if constexpr (requires { make_stage(kind, context); }) {
                return make_stage(kind, context);
            } else {
                return nullptr;
            }
        },
        node.kind);
}

bool rounds_stochastically(const Arithmetic& a) {
    return a.synapse_mul.rounding == Rounding::sr || a.synapse_add.rounding == Rounding::sr ||
           a.neuron_mul.rounding == Rounding::sr || a.neuron_add.rounding == Rounding::sr;
}

Buffer StageContext::stored_weights(Buffer weights) const {
    if (weight_format != nullptr) {
        kernels.convert(*weight_format, Rounding::rne, weights.data(), weights.data(), weights.size());
    }
    return weights;
}

Buffer StageContext::operands(const AdderSpec& unit, Buffer values) const {
    kernels.convert(unit.format, loading(unit.rounding), values.data(), values.data(), values.size());
    return values;
}

Buffer StageContext::operands(const MultiplierSpec& unit, Buffer values) const {
    kernels.convert(unit.format, loading(unit.rounding), values.data(), values.data(), values.size());
    return values;
}

Buffer StageContext::sums_without_input(const Buffer& bias) const {
    AdderSpec add = arithmetic.synapse_add;
    add.rounding = loading(add.rounding);
    Buffer sums(bias.size());
    const Buffer zero(bias.size());
    kernels.general.add(add, zero.data(), bias.data(), sums.data(), bias.size());
    return sums;
}

Buffer to_buffer(const std::vector<float>& values) {
    Buffer buffer(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        buffer[i] = std::isnan(values[i]) ? kCanonicalNan : std::bit_cast<u32>(values[i]);
    }
    return buffer;
}

const u32* spread(const Source& source, std::size_t n, Buffer& space) {
    if (!source.events) {
        return source.signal->values;
    }
    const EventView events = source.signal->events();
    if (events.count == 0) {
        return nullptr;
    }
    if (space.size() != n) {
        space = Buffer(n);
    }
    space.fill(kAbsent);
    for (u32 e = 0; e < events.count; ++e) {
        space[events.index[e]] = events.amplitude != nullptr ? events.amplitude[e] : kOneBits;
    }
    return space.data();
}

void sort_events(std::vector<u32>& index, Signal& out) {
    if (!std::is_sorted(index.begin(), index.end())) {
        std::vector<u32> order(index.size());
        std::iota(order.begin(), order.end(), 0u);
        std::sort(order.begin(), order.end(), [&](u32 a, u32 b) { return index[a] < index[b]; });
        std::vector<u32> amplitude;
        for (const u32 e : order) {
            out.index.push_back(index[e]);
            amplitude.push_back(out.amplitude[e]);
        }
        out.amplitude = std::move(amplitude);
    } else {
        out.index = index;
    }
    if (std::all_of(out.amplitude.begin(), out.amplitude.end(), [](u32 a) { return a == kOneBits; })) {
        out.amplitude.clear();
    }
}

void emit_fired(StageState& state, std::size_t neurons) {
    state.out.clear();
    const std::size_t words = (neurons + 31) / 32;
    if (neurons % 32 != 0) {  // lanes beyond the last neuron
        state.fired[words - 1] &= (1u << neurons % 32) - 1;
    }
    std::size_t count = 0;
    for (std::size_t w = 0; w < words; ++w) {
        if (state.fired[w] != 0) {  // most words are 0, and counting bits is a call on processors of any age
            count += static_cast<std::size_t>(std::popcount(state.fired[w]));
        }
    }
    state.out.index.resize(count);
    u32* next = state.out.index.data();
    for (std::size_t w = 0; w < words; ++w) {
        for (u32 bits = state.fired[w]; bits != 0; bits &= bits - 1) {
            const u32 n = static_cast<u32>(w * 32) + static_cast<u32>(std::countr_zero(bits));
            *next++ = n;
            ++state.spike_count[n];
        }
    }
    state.counts.spikes += count;
}

}  // namespace axfire
