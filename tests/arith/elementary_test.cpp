// SPDX-License-Identifier: Apache-2.0
// The elementary functions: edges, errors against MPFR, order, and the same bits at every lane width. Every binary32
// input is tried by tests/exhaustive/elementary_main.cpp.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/arith/library.h"
#include "tests/oracle/elementary.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

using oracle::to_bits;
using oracle::to_float;

struct Function {
    const char* name;
    Elementary id;
    mpfr_srcptr (oracle::ElementaryOracle::*exact)(u32);
    double bound;            ///< largest error in ulps, as docs/arithmetic.md has it
    double subnormal_bound;  ///< ... where the result is subnormal
};
constexpr Function kFunctions[] = {
    {"exp", Elementary::exp, &oracle::ElementaryOracle::exp, 0.65, 0.78},
    {"log", Elementary::log, &oracle::ElementaryOracle::log, 0.51, 0},
    {"sigmoid", Elementary::sigmoid, &oracle::ElementaryOracle::sigmoid, 1.55, 0.78},
    {"tanh", Elementary::tanh, &oracle::ElementaryOracle::tanh, 1.49, 0.5},
};

u32 one_of(Elementary f, u32 x, u32 y = 0) {
    return library_elementary(f, {{x, y}})[0];
}
float value_of(Elementary f, float x, float y = 0) {
    return to_float(one_of(f, to_bits(x), to_bits(y)));
}

/// All exponents alike, and more of those where the functions are neither flat nor the identity.
std::vector<Pair> operands(std::size_t count) {
    auto random = test_random();
    std::vector<Pair> pairs;
    for (const u32 x : edge_values(kFp32)) {
        pairs.emplace_back(x, 0);
    }
    for (std::size_t i = 0; i < count; ++i) {
        const u64 word = random();
        u32 x = static_cast<u32>(word);
        if (i % 2 != 0) {  // 2^-14 .. 2^7
            x = (x & 0x807fffffu) | static_cast<u32>(113 + (word >> 32) % 21) << 23;
        }
        pairs.emplace_back(x, 0);
    }
    return pairs;
}

/// Pairs whose power is a number: bases of all exponents with results of all exponents, and those of normalisations.
std::vector<Pair> power_operands(std::size_t count) {
    auto random = test_random(1);
    const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 2 != 0) {
            const u32 x = static_cast<u32>(1 + random() % (oracle::kInfinity - 1));
            const float y = static_cast<float>((200 * uniform() - 106) / std::log(double{to_float(x)}));
            pairs.emplace_back(x, to_bits(y));
        } else {
            const float x = static_cast<float>(0.5 * std::exp(uniform() * std::log(2e6)));
            pairs.emplace_back(to_bits(x), to_bits(static_cast<float>(4 * uniform() - 2)));
        }
    }
    return pairs;
}

void expect_within(double error, double bound, u32 got, const Pair& operand, const char* name) {
    ASSERT_LE(error, bound) << name << " of " << show(operand) << " gives " << hex(got);
}

TEST(Elementary, ErrorsAgainstMpfr) {
    const auto pairs = operands(samples(60000));
    oracle::ElementaryOracle mpfr;
    for (const Function& f : kFunctions) {
        const auto got = library_elementary(f.id, pairs, 8);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            mpfr_srcptr exact = (mpfr.*f.exact)(pairs[i].first);
            const bool subnormal = mpfr_regular_p(exact) && mpfr_get_exp(exact) <= -126;
            expect_within(mpfr.ulps(got[i], exact), subnormal ? f.subnormal_bound : f.bound, got[i], pairs[i], f.name);
            ASSERT_TRUE(!oracle::is_nan(got[i]) || got[i] == oracle::kCanonicalNan) << f.name;
        }
    }
}

TEST(Elementary, PowersAgainstMpfr) {
    const auto pairs = power_operands(samples(100000));
    const auto got = library_elementary(Elementary::pow, pairs, 8);
    oracle::ElementaryOracle mpfr;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        mpfr_srcptr exact = mpfr.pow(pairs[i].first, pairs[i].second);
        const bool subnormal = mpfr_regular_p(exact) && mpfr_get_exp(exact) <= -126;
        expect_within(mpfr.ulps(got[i], exact), subnormal ? 0.81 : 0.69, got[i], pairs[i], "pow");
    }
}

TEST(Elementary, LanesEqualTheScalar) {
    auto pairs = operands(samples(200000));
    auto random = test_random(2);
    for (Pair& pair : pairs) {
        pair.second = static_cast<u32>(random());
    }
    const auto powers = power_operands(samples(100000));
    const auto edges = all_pairs(edge_values(kFp32));
    pairs.insert(pairs.end(), powers.begin(), powers.end());
    pairs.insert(pairs.end(), edges.begin(), edges.end());
    for (const Elementary f :
         {Elementary::exp, Elementary::log, Elementary::pow, Elementary::sigmoid, Elementary::tanh}) {
        const auto scalar = library_elementary(f, pairs);
        for (const unsigned width : kWidths) {
            EXPECT_TRUE(same(pairs, library_elementary(f, pairs, width), scalar))
                << "function " << static_cast<int>(f) << ", width " << width;
        }
    }
}

/// The bits themselves, over 2^16 patterns of all signs and exponents: no compiler and no device may change one.
TEST(Elementary, TheBitsAreTheSameEverywhere) {
    std::vector<Pair> pairs;
    for (u32 i = 0; i < 65536; ++i) {
        pairs.emplace_back(i << 16 | (i * 40503u & 0xffffu), (i * 2654435761u & 0x837fffffu) | 0x3c000000u);
    }
    const auto hash_of = [&](Elementary f) {
        u64 hash = 1469598103934665603u;  // FNV-1a, by words
        for (const u32 bits : library_elementary(f, pairs)) {
            hash = (hash ^ bits) * 1099511628211u;
        }
        return hash;
    };
    EXPECT_EQ(hash_of(Elementary::exp), 0x988074e78f7a9beau);
    EXPECT_EQ(hash_of(Elementary::log), 0x5eeb17d292478ba1u);
    EXPECT_EQ(hash_of(Elementary::pow), 0xc1212eab5e5a6ebdu);
    EXPECT_EQ(hash_of(Elementary::sigmoid), 0x20a13d6282f06b8cu);
    EXPECT_EQ(hash_of(Elementary::tanh), 0x3e2ad4398908c6abu);
}

/// Runs of neighbours never turn back; where a function changes its method, and at random places.
TEST(Elementary, Ascending) {
    auto random = test_random();
    std::vector<u32> starts;
    for (const float x : {0.0f, 0x1p-149f, 0x1p-126f, 0.3465736f, 0.55f, 0.70710678f, 1.0f, 1.41421356f, 9.01f, 17.3f,
                          64.0f, 87.33f, 88.72f, 103.97f}) {
        starts.push_back(to_bits(x));
        starts.push_back(to_bits(-x));
    }
    for (std::size_t i = 0; i < samples(200); ++i) {
        starts.push_back((static_cast<u32>(random()) & 0x807fffffu) | static_cast<u32>(113 + random() % 21) << 23);
    }
    for (const u32 start : starts) {
        std::vector<Pair> run;  // ascending in value
        const bool negative = oracle::is_negative(start);
        const u32 magnitude = start & ~oracle::kSignBit;
        const u32 first = magnitude > 500 ? magnitude - 500 : 0;
        for (u32 i = 0; i < 1000; ++i) {
            run.emplace_back(oracle::with_sign(negative, negative ? first + 999 - i : first + i), 0);
        }
        for (const Function& f : kFunctions) {
            if (f.id == Elementary::log && negative) {
                continue;
            }
            const auto got = library_elementary(f.id, run, 8);
            for (std::size_t i = 1; i < got.size(); ++i) {
                ASSERT_LE(to_float(got[i - 1]), to_float(got[i])) << f.name << " at " << hex(run[i].first);
            }
        }
    }
}

struct Edge {
    Elementary f;
    float x;
    float want;
};

TEST(Elementary, Edges) {
    using enum Elementary;
    const float max = 0x1.fffffep127f;
    const float tiny = 0x1p-149f;
    const Edge edges[] = {
        {exp, 0.0f, 1.0f},
        {exp, -0.0f, 1.0f},
        {exp, tiny, 1.0f},
        {exp, -0x1p-126f, 1.0f},
        {exp, 0x1.62e42ep6f, 0x1.ffff08p127f},  // the last finite one
        {exp, 0x1.62e430p6f, INFINITY},
        {exp, 128.0f, INFINITY},
        {exp, max, INFINITY},
        {exp, INFINITY, INFINITY},
        {exp, -0x1.9fe368p6f, tiny},  // the last that is not zero: the result is just above 2^-150
        {exp, -0x1.9fe36ap6f, 0.0f},
        {exp, -128.0f, 0.0f},
        {exp, -max, 0.0f},
        {exp, -INFINITY, 0.0f},
        {log, 1.0f, 0.0f},
        {log, 0.0f, -INFINITY},
        {log, -0.0f, -INFINITY},
        {log, INFINITY, INFINITY},
        {log, tiny, -0x1.9d1da0p6f},
        {log, max, 0x1.62e430p6f},
        {log, 0x1.000002p0f, 0x1.fffffep-24f},
        {log, 0x1.fffffep-1f, -0x1p-24f},
        {sigmoid, 0.0f, 0.5f},
        {sigmoid, -0.0f, 0.5f},
        {sigmoid, tiny, 0.5f},
        {sigmoid, -tiny, 0.5f},
        {sigmoid, 18.0f, 1.0f},
        {sigmoid, max, 1.0f},
        {sigmoid, INFINITY, 1.0f},
        {sigmoid, -0x1.9fe368p6f, tiny},
        {sigmoid, -0x1.9fe36ap6f, 0.0f},
        {sigmoid, -max, 0.0f},
        {sigmoid, -INFINITY, 0.0f},
        {tanh, 0.0f, 0.0f},
        {tanh, -0.0f, -0.0f},
        {tanh, tiny, tiny},
        {tanh, -tiny, -tiny},
        {tanh, 0x1p-126f, 0x1p-126f},
        {tanh, 10.0f, 1.0f},
        {tanh, -10.0f, -1.0f},
        {tanh, max, 1.0f},
        {tanh, -max, -1.0f},
        {tanh, INFINITY, 1.0f},
        {tanh, -INFINITY, -1.0f},
    };
    for (const auto& [f, x, want] : edges) {
        EXPECT_EQ(hex(one_of(f, to_bits(x))), hex(to_bits(want))) << "function " << static_cast<int>(f) << " of " << x;
    }
}

TEST(Elementary, NaNs) {
    for (const u32 nan : {0x7fc00000u, 0xffc00000u, 0x7f800001u, 0xff80beefu, 0x7fffffffu, 0xffffffffu}) {
        for (const Function& f : kFunctions) {
            EXPECT_EQ(hex(one_of(f.id, nan)), hex(oracle::kCanonicalNan)) << f.name << " of " << hex(nan);
        }
        for (const float other : {0.0f, 1.0f, -2.0f, 3.5f, INFINITY}) {
            EXPECT_EQ(one_of(Elementary::pow, nan, to_bits(other)), oracle::kCanonicalNan);
            EXPECT_EQ(one_of(Elementary::pow, to_bits(other), nan), oracle::kCanonicalNan);
        }
    }
    for (const float x : {-0x1p-149f, -0x1p-126f, -1.0f, -0x1.fffffep127f, -INFINITY}) {
        EXPECT_EQ(one_of(Elementary::log, to_bits(x)), oracle::kCanonicalNan) << x;
        for (const float y : {-1.0f, 0.0f, 0.5f, 2.0f, INFINITY}) {
            EXPECT_EQ(one_of(Elementary::pow, to_bits(x), to_bits(y)), oracle::kCanonicalNan) << x << "^" << y;
        }
    }
}

/// IEEE 754-2019, 9.2.1: powr.
TEST(Elementary, EdgesOfPowers) {
    const float max = 0x1.fffffep127f;
    const auto pow = [](float x, float y) { return value_of(Elementary::pow, x, y); };
    for (const float zero : {0.0f, -0.0f}) {
        for (const float x : {0x1p-149f, 0.5f, 1.0f, 3.0f, max}) {
            EXPECT_EQ(pow(x, zero), 1.0f) << x;
        }
        for (const float y : {0x1p-149f, 0.75f, 1.0f, max, INFINITY}) {
            EXPECT_EQ(to_bits(pow(zero, y)), 0u) << y;
            EXPECT_EQ(pow(zero, -y), INFINITY) << y;
        }
        EXPECT_TRUE(std::isnan(pow(zero, 0.0f)));
        EXPECT_TRUE(std::isnan(pow(zero, -0.0f)));
        EXPECT_TRUE(std::isnan(pow(INFINITY, zero)));
    }
    for (const float y : {0x1p-149f, 0.75f, -2.0f, max, -max}) {
        EXPECT_EQ(pow(1.0f, y), 1.0f) << y;
        EXPECT_EQ(pow(INFINITY, y), y > 0 ? INFINITY : 0.0f) << y;
    }
    EXPECT_TRUE(std::isnan(pow(1.0f, INFINITY)));
    EXPECT_TRUE(std::isnan(pow(1.0f, -INFINITY)));
    for (const float x : {0x1p-149f, 0.5f, 0x1.fffffep-1f}) {
        EXPECT_EQ(pow(x, INFINITY), 0.0f) << x;
        EXPECT_EQ(pow(x, -INFINITY), INFINITY) << x;
        EXPECT_EQ(pow(x, max), 0.0f) << x;
        EXPECT_EQ(pow(x, -max), INFINITY) << x;
    }
    for (const float x : {0x1.000002p0f, 2.0f, max}) {
        EXPECT_EQ(pow(x, INFINITY), INFINITY) << x;
        EXPECT_EQ(pow(x, -INFINITY), 0.0f) << x;
        EXPECT_EQ(pow(x, max), INFINITY) << x;
        EXPECT_EQ(pow(x, -max), 0.0f) << x;
        EXPECT_EQ(pow(x, 0x1p-149f), 1.0f) << x;
    }
    EXPECT_EQ(pow(4.0f, -0.5f), 0.5f);
    EXPECT_EQ(pow(2.0f, 10.0f), 1024.0f);
    EXPECT_EQ(pow(2.0f, -149.0f), 0x1p-149f);
    EXPECT_EQ(pow(2.0f, 128.0f), INFINITY);
    EXPECT_EQ(pow(max, 1.0f), max);
    EXPECT_EQ(pow(0x1p-149f, 1.0f), 0x1p-149f);
}

}  // namespace
}  // namespace axfire::testing
