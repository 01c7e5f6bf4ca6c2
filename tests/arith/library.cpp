// SPDX-License-Identifier: Apache-2.0
#include "tests/arith/library.h"

#include <stdexcept>

#include "arith/convert.h"
#include "arith/elementary.h"
#include "arith/ordinary_product.h"
#include "arith/ordinary_sum.h"

namespace axfire::testing {
namespace {

template <class U>
void set_lane(U& x, unsigned i, u32 value) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        x = value;
    } else {
        x[i] = value;
    }
}

template <class U>
u32 get_lane(const U& x, unsigned i) {
    if constexpr (LaneTraits<U>::kWidth == 1) {
        return x;
    } else {
        return x[i];
    }
}

/// out[i] = operation(pairs[i], words[i]) over full vectors; the last one is filled with its first pair.
template <class U, class Out, class Operation, class Result>
void over_lanes(const std::vector<Pair>& pairs, const std::vector<u32>& words, std::vector<Out>& out,
                const Operation& operation, const Result& result) {
    constexpr unsigned kWidth = LaneTraits<U>::kWidth;
    for (std::size_t start = 0; start < pairs.size(); start += kWidth) {
        U a{};
        U b{};
        U random{};
        for (unsigned i = 0; i < kWidth; ++i) {
            const std::size_t place = start + i < pairs.size() ? start + i : start;
            set_lane(a, i, pairs[place].first);
            set_lane(b, i, pairs[place].second);
            set_lane(random, i, words.empty() ? 0 : words[place]);
        }
        const auto r = operation(a, b, random);
        for (unsigned i = 0; i < kWidth && start + i < pairs.size(); ++i) {
            out[start + i] = result(r, i);
        }
    }
}

template <class Out, class Operation, class Result>
std::vector<Out> at_width(unsigned width, const std::vector<Pair>& pairs, const std::vector<u32>& words,
                          const Operation& operation, const Result& result) {
    std::vector<Out> out(pairs.size());
    switch (width) {
        case 1:
            over_lanes<u32>(pairs, words, out, operation, result);
            break;
        case 4:
            over_lanes<U32x4>(pairs, words, out, operation, result);
            break;
        case 8:
            over_lanes<U32x8>(pairs, words, out, operation, result);
            break;
        case 16:
            over_lanes<U32x16>(pairs, words, out, operation, result);
            break;
        default:
            throw std::invalid_argument("lane widths are 1, 4, 8 and 16");
    }
    return out;
}

template <class U>
U canonical(const U& x) {
    return select(is_nan(x), splat<U>(kCanonicalNan), x);
}

constexpr auto kLane = [](const auto& r, unsigned i) { return get_lane(r, i); };
constexpr auto kWideLane = [](const auto& r, unsigned i) { return (u64{get_lane(r.hi, i)} << 32) | get_lane(r.lo, i); };

/// The results of a short form, those of the full pipeline where it is strange. Ordinary operands come together, so
/// that vectors are full of them.
template <class F>
std::vector<u32> by_short_form(const std::vector<Pair>& pairs, unsigned width, const std::vector<bool>& strange,
                               std::vector<u32> full, const F& short_form) {
    std::vector<Pair> ordinary;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (!strange[i]) {
            ordinary.push_back(pairs[i]);
        }
    }
    const auto each = [&](const auto& a, const auto& b, const auto&) {
        bool any_strange;
        const auto result = short_form(a, b, any_strange);
        if (any_strange) {
            throw std::logic_error("operands are ordinary one by one and strange in a vector");
        }
        return result;
    };
    const std::vector<u32> results = at_width<u32>(width, ordinary, {}, each, kLane);
    for (std::size_t i = 0, next = 0; i < pairs.size(); ++i) {
        if (!strange[i]) {
            full[i] = results[next++];
        }
    }
    return full;
}

}  // namespace

std::vector<u32> library_add(const AdderSpec& spec, const std::vector<Pair>& pairs, unsigned width,
                             const std::vector<u32>& words) {
    return at_width<u32>(
        width, pairs, words,
        [&](const auto& a, const auto& b, const auto& random) { return fp_add(spec, a, b, random); }, kLane);
}

std::vector<u32> library_mul(const MultiplierSpec& spec, const std::vector<Pair>& pairs, unsigned width,
                             const std::vector<u32>& words) {
    return at_width<u32>(
        width, pairs, words,
        [&](const auto& a, const auto& b, const auto& random) { return fp_mul(spec, a, b, random); }, kLane);
}

std::vector<u32> library_short_add(const AdderSpec& spec, const std::vector<Pair>& pairs, unsigned width) {
    if (has_nearest_sum(spec)) {
        return at_width<u32>(
            width, pairs, {},
            [&](const auto& a, const auto& b, const auto&) {
                return canonical(nearest_sum(spec, canonical(a), canonical(b)));
            },
            kLane);
    }
    return by_short_form(
        pairs, width, library_strange(spec, pairs), library_add(spec, pairs),
        [&](const auto& a, const auto& b, bool& strange) { return ordinary_sum(spec, a, b, strange); });
}

std::vector<u32> library_short_mul(const MultiplierSpec& spec, const std::vector<Pair>& pairs, unsigned width) {
    if (has_nearest_product(spec)) {
        return at_width<u32>(
            width, pairs, {},
            [&](const auto& a, const auto& b, const auto&) {
                return canonical(nearest_product(spec, canonical(a), canonical(b)));
            },
            kLane);
    }
    return by_short_form(
        pairs, width, library_strange(spec, pairs), library_mul(spec, pairs),
        [&](const auto& a, const auto& b, bool& strange) { return ordinary_product(spec, a, b, strange); });
}

std::vector<bool> library_strange(const AdderSpec& spec, const std::vector<Pair>& pairs) {
    std::vector<bool> strange;
    for (const auto& [a, b] : pairs) {
        bool is_strange;
        ordinary_sum(spec, a, b, is_strange);
        strange.push_back(is_strange);
    }
    return strange;
}

std::vector<bool> library_strange(const MultiplierSpec& spec, const std::vector<Pair>& pairs, unsigned width) {
    const auto strange = [&](const auto& a, const auto& b, const auto&) {
        bool is_strange;
        ordinary_product(spec, a, b, is_strange);
        return splat<std::decay_t<decltype(a)>>(is_strange);
    };
    const std::vector<u32> lanes = at_width<u32>(width, pairs, {}, strange, kLane);
    return {lanes.begin(), lanes.end()};
}

std::vector<u32> library_convert(const Format& f, Rounding r, const std::vector<u32>& values, unsigned width,
                                 const std::vector<u32>& words) {
    std::vector<Pair> pairs(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        pairs[i] = {values[i], 0};
    }
    return at_width<u32>(
        width, pairs, words, [&](const auto& a, const auto&, const auto& random) { return convert(f, r, a, random); },
        kLane);
}

std::vector<u64> library_sums(AdderId unit, const Parameters& p, u32 n, const std::vector<Pair>& pairs,
                              unsigned width) {
    switch (unit) {
#define AXFIRE_CASE(name)     \
    case AdderId::name:       \
        return at_width<u64>( \
            width, pairs, {}, \
            [&](const auto& a, const auto& b, const auto&) { return adders::name::add(a, b, n, p); }, kLane);
        AXFIRE_ADDERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case AdderId::model:
            break;
    }
    throw std::invalid_argument("unknown adder");
}

std::vector<u64> library_products(MultiplierId unit, const Parameters& p, u32 n, const std::vector<Pair>& pairs,
                                  unsigned width) {
    switch (unit) {
#define AXFIRE_CASE(name)     \
    case MultiplierId::name:  \
        return at_width<u64>( \
            width, pairs, {}, \
            [&](const auto& a, const auto& b, const auto&) { return multipliers::name::mul(a, b, n, p); }, kWideLane);
        AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case MultiplierId::model:
            break;
    }
    throw std::invalid_argument("unknown multiplier");
}

std::vector<u32> library_elementary(Elementary f, const std::vector<Pair>& pairs, unsigned width) {
    const auto over = [&](const auto& function) {
        return at_width<u32>(
            width, pairs, {}, [&](const auto& a, const auto& b, const auto&) { return function(a, b); }, kLane);
    };
    switch (f) {
        case Elementary::exp:
            return over([](const auto& a, const auto&) { return fp_exp(a); });
        case Elementary::log:
            return over([](const auto& a, const auto&) { return fp_log(a); });
        case Elementary::pow:
            return over([](const auto& a, const auto& b) { return fp_pow(a, b); });
        case Elementary::sigmoid:
            return over([](const auto& a, const auto&) { return fp_sigmoid(a); });
        case Elementary::tanh:
            return over([](const auto& a, const auto&) { return fp_tanh(a); });
    }
    throw std::invalid_argument("unknown elementary function");
}

const char* name_of(AdderId unit) {
    switch (unit) {
#define AXFIRE_CASE(name) \
    case AdderId::name:   \
        return #name;
        AXFIRE_ADDERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case AdderId::model:
            break;
    }
    return "?";
}

const char* name_of(MultiplierId unit) {
    switch (unit) {
#define AXFIRE_CASE(name)    \
    case MultiplierId::name: \
        return #name;
        AXFIRE_MULTIPLIERS(AXFIRE_CASE)
#undef AXFIRE_CASE
        case MultiplierId::model:
            break;
    }
    return "?";
}

}  // namespace axfire::testing
