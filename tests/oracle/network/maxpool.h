// SPDX-License-Identifier: Apache-2.0
// The largest of each window: of values, or of spikes by what each input has brought so far.
#pragma once

#include "tests/oracle/network/synapse.h"

namespace axfire::oracle {

/// NaN is larger than all; the first of equal ones stays.
inline bool larger(float x, float than) {
    return !std::isnan(than) && (std::isnan(x) || x > than);
}

/// What each input brought up to and with the last step of a history, added up from +0. An input's sum has its index as
/// output and operand 0.
inline std::vector<float> brought(const std::vector<Values>& history, const Units& units, Where where) {
    std::vector<float> sums(history[0].size(), 0.0F);
    for (std::size_t t = 0; t < history.size(); ++t) {
        where.step = static_cast<u32>(t);
        for (u32 i = 0; i < sums.size(); ++i) {
            if (history[t][i]) {
                const float term = units.into_adder(*history[t][i], where.word(i, 0, Word::term));
                sums[i] = units.sum(sums[i], term, where.word(i, 0, Word::sum));
            }
        }
    }
    return sums;
}

/// `history`: what arrived in each step up to this one.
inline Values largest_of(const nodes::Pool2d& node, const std::vector<Values>& history, bool events, const Shape& in,
                         const Shape& shape, const Units& units, const Where& where) {
    const Values& x = history.back();
    std::vector<float> rank;
    if (events) {
        rank = brought(history, units, where);
    } else {
        for (const std::optional<float>& value : x) {
            rank.push_back(value.value_or(0.0F));
        }
    }
    Values out;
    for (const Window& window : windows_of(node, in, shape)) {
        std::optional<std::size_t> best;
        for (const Tap& tap : window) {
            if (tap.place && (!best || larger(rank[*tap.place], rank[*best]))) {
                best = tap.place;
            }
        }
        if (events) {
            out.push_back(best ? x[*best] : std::nullopt);
        } else {
            out.push_back(best ? rank[*best] : 0.0F);
        }
    }
    return out;
}

}  // namespace axfire::oracle
