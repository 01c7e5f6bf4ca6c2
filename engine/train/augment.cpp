// SPDX-License-Identifier: Apache-2.0
#include "engine/train/augment.h"

#include <algorithm>

#include "arith/philox.h"

namespace axfire::train {

namespace {

/// Subsequences that nothing else uses.
constexpr std::uint64_t kAugmentDraws = std::uint64_t{1} << 61;

struct Move {
    std::int64_t down, right;
    bool flip;
    std::size_t height, width;

    /// Where (y, x) of the changed image comes from; false: from outside.
    bool source(std::size_t y, std::size_t x, std::size_t& from_y, std::size_t& from_x) const {
        const std::int64_t fy = static_cast<std::int64_t>(y) - down;
        std::int64_t fx = static_cast<std::int64_t>(x) - right;
        if (fy < 0 || fx < 0 || fy >= static_cast<std::int64_t>(height) || fx >= static_cast<std::int64_t>(width)) {
            return false;
        }
        fx = flip ? static_cast<std::int64_t>(width) - 1 - fx : fx;
        from_y = static_cast<std::size_t>(fy);
        from_x = static_cast<std::size_t>(fx);
        return true;
    }
};

void move_values(const Move& m, std::vector<float>& values) {
    const std::vector<float> given = values;
    const std::size_t plane = m.height * m.width;
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::size_t y = 0;
        std::size_t x = 0;
        const bool inside = m.source(i % plane / m.width, i % m.width, y, x);
        values[i] = inside ? given[i / plane * plane + y * m.width + x] : 0.0F;
    }
}

void move_events(const Move& m, std::vector<Event>& events) {
    std::vector<Event> kept;
    const std::size_t plane = m.height * m.width;
    for (Event e : events) {
        const std::int64_t column = static_cast<std::int64_t>(e.index % m.width);
        const std::int64_t y = static_cast<std::int64_t>(e.index % plane / m.width) + m.down;
        const std::int64_t x = (m.flip ? static_cast<std::int64_t>(m.width) - 1 - column : column) + m.right;
        if (y >= 0 && x >= 0 && y < static_cast<std::int64_t>(m.height) && x < static_cast<std::int64_t>(m.width)) {
            e.index = static_cast<std::uint32_t>(e.index / plane * plane + static_cast<std::size_t>(y) * m.width +
                                                 static_cast<std::size_t>(x));
            kept.push_back(e);
        }
    }
    events = std::move(kept);
}

}  // namespace

void augment(const AugmentOptions& o, const std::vector<std::size_t>& shape, std::uint64_t seed, std::uint64_t draw,
             Sample& sample) {
    const PhiloxBlock block = philox_block(seed, kAugmentDraws + draw, 0);
    const std::uint32_t span = 2 * o.shift + 1;
    if (shape.size() >= 2 && (o.shift != 0 || o.flip)) {
        const Move move{static_cast<std::int64_t>(block.word[0] % span) - o.shift,
                        static_cast<std::int64_t>(block.word[1] % span) - o.shift, o.flip && (block.word[2] & 1u) != 0,
                        shape[shape.size() - 2], shape[shape.size() - 1]};
        move_values(move, sample.values);
        move_events(move, sample.events);
    }
    if (!sample.events.empty() && (o.jitter_us != 0 || o.drop_events > 0)) {
        std::vector<Event> kept;
        for (std::size_t i = 0; i < sample.events.size(); ++i) {
            const PhiloxBlock words = philox_block(seed, kAugmentDraws + draw, 1 + i);
            if (philox_uniform(words.word[0]) <= static_cast<float>(o.drop_events)) {
                continue;
            }
            Event e = sample.events[i];
            const std::int64_t moved = static_cast<std::int64_t>(e.time_us) +
                                       static_cast<std::int64_t>(words.word[1] % (2 * std::uint64_t{o.jitter_us} + 1)) -
                                       o.jitter_us;
            e.time_us = static_cast<std::uint32_t>(std::clamp<std::int64_t>(moved, 0, 0xffffffff));
            kept.push_back(e);
        }
        sample.events = std::move(kept);
    }
}

}  // namespace axfire::train
