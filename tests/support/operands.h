// SPDX-License-Identifier: Apache-2.0
// Operands that make arithmetic fail: edge values of a format, and random numbers of it in the combinations where
// carries, cancellation, underflow and overflow happen. All are numbers of the format, as binary32 bits.
#pragma once

#include <random>
#include <utility>
#include <vector>

#include "tests/oracle/number.h"

namespace axfire::testing {

using Pair = std::pair<u32, u32>;

/// Largest code whose sign is positive and which is a number: infinity, or the largest finite one.
inline u32 last_code(const Format& f) {
    const u32 fields = ((1u << f.exponent_bits) - 1) << f.fraction_bits;
    const bool has_infinity = !f.finite && f.overflow == Overflow::infinity;
    return f.finite ? fields + (1u << f.fraction_bits) - 2 : fields - (has_infinity ? 0 : 1);
}

/// The number of a code; a subnormal in a format that flushes them is a zero.
inline u32 number(const Format& f, u32 code) {
    const u32 magnitude = code % (1u << (f.exponent_bits + f.fraction_bits));
    const bool subnormal = magnitude < (1u << f.fraction_bits);
    if (subnormal && f.subnormals == Subnormals::flush) {
        return oracle::number_of_code(f, code - magnitude);
    }
    return oracle::number_of_code(f, code);
}

/// Zeros, subnormals, 1 +- ulp, powers of two, the largest, infinity, NaN; both signs.
inline std::vector<u32> edge_values(const Format& f, bool with_nan = true) {
    const u32 m = f.fraction_bits;
    const u32 one = f.bias() << m;
    const u32 normal = 1u << m;
    const u32 last = last_code(f);
    std::vector<u32> codes = {0,
                              1,
                              2,
                              3,
                              normal / 2,
                              normal - 1,
                              normal,
                              normal + 1,
                              2 * normal - 1,
                              2 * normal,
                              3 * normal + normal / 2,
                              one - 1,
                              one,
                              one + 1,
                              one + normal / 2,
                              one + normal - 1,
                              one + normal,
                              one + normal + 1,
                              one / 2,
                              one + one / 2 + 1,
                              last - 2,
                              last - 1,
                              last};
    for (u32 step = 1; step <= m + 3; step += 3) {  // exponents at shifts around M
        codes.push_back(one - step * normal < last ? one - step * normal : 0);
        codes.push_back(one + step * normal + 1 < last ? one + step * normal + 1 : last);
    }
    std::vector<u32> values;
    for (const u32 code : codes) {
        if (code <= last) {
            values.push_back(number(f, code));
            values.push_back(number(f, code) | oracle::kSignBit);
        }
    }
    if (with_nan) {
        values.insert(values.end(), {0x7fc00000, 0xffc00000, 0x7f800001, 0xff80beef, 0x7fffffff});
    }
    return values;
}

inline std::vector<Pair> all_pairs(const std::vector<u32>& values) {
    std::vector<Pair> pairs;
    pairs.reserve(values.size() * values.size());
    for (const u32 a : values) {
        for (const u32 b : values) {
            pairs.emplace_back(a, b);
        }
    }
    return pairs;
}

/// A random number of the format with a code in [low, high], either sign.
inline u32 random_between(std::mt19937_64& random, const Format& f, u32 low, u32 high) {
    const u32 code = low + static_cast<u32>(random() % (u64{high} - low + 1));
    return number(f, code) | (random() % 2 != 0 ? oracle::kSignBit : 0);
}

/// One pair, of one of six kinds in turn.
inline Pair random_pair(std::mt19937_64& random, const Format& f, std::size_t kind) {
    const u32 m = f.fraction_bits;
    const u32 last = last_code(f);
    const u32 normal = 1u << m;
    const u32 a = static_cast<u32>(random() % (u64{last} + 1));
    const auto signs = [&](u32 x) { return number(f, x) | (random() % 2 != 0 ? oracle::kSignBit : 0); };
    switch (kind % 6) {
        case 0:
            return {signs(a), random_between(random, f, 0, last)};
        case 1: {  // exponents at most M + 2 apart
            const u32 span = (m + 2) * normal;
            return {signs(a), random_between(random, f, a > span ? a - span : 0, last - a > span ? a + span : last)};
        }
        case 2: {  // cancellation: equal, or a few units in the last place apart
            const u32 distance = static_cast<u32>(random() % 8);
            const u32 b = a > distance ? a - distance : a;
            return {number(f, a), number(f, b) | oracle::kSignBit};
        }
        case 3: {  // subnormals and small normals
            const u32 span = 3 * normal < last ? 3 * normal : last;
            return {random_between(random, f, 0, span), random_between(random, f, 0, span)};
        }
        case 4: {  // products near the smallest normal and the largest number
            const u32 one = f.bias() << m;
            const u64 mirror = random() % 2 != 0 ? u64{last} + one : u64{one} + normal;
            const u64 b = mirror > a ? mirror - a : 0;
            const u32 jitter = static_cast<u32>(random() % (2 * normal));
            const u64 moved = b + jitter > normal ? b + jitter - normal : 0;
            return {signs(a), signs(moved > last ? last : static_cast<u32>(moved))};
        }
        default: {  // few significant bits
            const u32 keep = ~((1u << (random() % (m + 1))) - 1);
            return {signs(a & keep), random_between(random, f, 0, last)};
        }
    }
}

/// Edge pairs, then `count` random ones.
inline std::vector<Pair> test_pairs(std::mt19937_64& random, const Format& f, std::size_t count) {
    std::vector<Pair> pairs = all_pairs(edge_values(f));
    for (std::size_t i = 0; i < count; ++i) {
        Pair pair = random_pair(random, f, i);
        if (random() % 2 != 0) {
            std::swap(pair.first, pair.second);
        }
        pairs.push_back(pair);
    }
    return pairs;
}

}  // namespace axfire::testing
