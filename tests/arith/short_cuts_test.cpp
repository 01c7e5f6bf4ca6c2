// SPDX-License-Identifier: Apache-2.0
// Where one binary32 operation and one rounding equal the exact unit, and where they do not: the claims on which the
// fast paths rest (docs/arithmetic.md, section 3), on the oracle and on the library.
#include <gtest/gtest.h>

#include "tests/arith/library.h"
#include "tests/oracle/dyadic.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

/// One binary32 operation of the processor, then one rounding into the format.
u32 two_steps(const Format& f, Rounding r, const Pair& p, bool multiply) {
    volatile float a = oracle::to_float(p.first);
    volatile float b = oracle::to_float(p.second);
    const float result = multiply ? a * b : a + b;
    return oracle::exact_convert(f, r, oracle::to_bits(result));
}

u32 exact(const Format& f, Rounding r, const Pair& p, bool multiply) {
    return multiply ? oracle::exact_mul(f, r, p.first, p.second) : oracle::exact_add(f, r, p.first, p.second);
}

std::vector<u32> library(const Format& f, Rounding r, const std::vector<Pair>& pairs, bool multiply) {
    return multiply ? library_mul({MultiplierId::exact, {}, f, r}, pairs)
                    : library_add({AdderId::exact, {}, f, r}, pairs);
}

/// The number of pairs on which two steps are wrong; the library is held to be right on all of them.
std::size_t wrong(const Format& f, Rounding r, const std::vector<Pair>& pairs, bool multiply) {
    std::vector<u32> want;
    std::size_t count = 0;
    for (const Pair& pair : pairs) {
        want.push_back(exact(f, r, pair, multiply));
        count += two_steps(f, r, pair, multiply) != want.back() ? 1 : 0;
    }
    EXPECT_TRUE(same(pairs, library(f, r, pairs, multiply), want)) << name(f) << "/" << name(r);
    return count;
}

TEST(ShortCuts, SumsOfFormatsUpToM10InBothNearestModes) {
    auto random = test_random();
    for (u32 e = 2; e <= 8; ++e) {
        for (u32 m = 1; m <= 10; ++m) {
            const auto pairs = test_pairs(random, {e, m}, samples(5000));
            EXPECT_EQ(wrong({e, m}, Rounding::rne, pairs, false), 0u) << "e" << e << "m" << m;
            EXPECT_EQ(wrong({e, m}, Rounding::rna, pairs, false), 0u) << "e" << e << "m" << m;
        }
    }
}

TEST(ShortCuts, SumsOfM11AreWrong) {
    const Format e5m11{5, 11};
    const Pair pair{oracle::to_bits(0x1.006p-1f), oracle::to_bits(0x1.ffep-14f)};
    EXPECT_EQ(library_add({AdderId::exact, {}, e5m11}, {pair})[0], oracle::to_bits(0x1.006p-1f));
    EXPECT_EQ(oracle::exact_add(e5m11, Rounding::rne, pair.first, pair.second), oracle::to_bits(0x1.006p-1f));
    EXPECT_EQ(two_steps(e5m11, Rounding::rne, pair, false), oracle::to_bits(0x1.008p-1f));
    // Any exponent and sign of the same significands.
    std::vector<Pair> pairs;
    for (int shift = 0; shift <= 10; ++shift) {
        const float a = std::ldexp(0x1.006p-1f, shift);
        const float b = std::ldexp(0x1.ffep-14f, shift);
        pairs.emplace_back(oracle::to_bits(a), oracle::to_bits(b));
        pairs.emplace_back(oracle::to_bits(-b), oracle::to_bits(-a));
    }
    EXPECT_EQ(wrong(e5m11, Rounding::rne, pairs, false), pairs.size());
}

TEST(ShortCuts, DirectedAndOddSumsAreWrong) {
    // 1 + 2^-30 in bf16: binary32 drops the small operand before the second rounding could see it.
    const std::vector<Pair> pairs = {{0x3f800000, 0x30800000}};
    EXPECT_EQ(wrong(kBf16, Rounding::ru, pairs, false), 1u);
    EXPECT_EQ(wrong(kBf16, Rounding::odd, pairs, false), 1u);
    EXPECT_EQ(wrong(kBf16, Rounding::rd, {{0x3f800000, 0xb0800000}}, false), 1u);
    EXPECT_EQ(wrong(kBf16, Rounding::rz, {{0x3f800000, 0xb0800000}}, false), 1u);
}

TEST(ShortCuts, ProductsAreExactInBinary32UpToM11AndE7) {
    auto random = test_random();
    for (u32 e = 2; e <= 7; ++e) {
        for (u32 m = 1; m <= 11; ++m) {
            const Format f{e, m};
            const auto pairs = test_pairs(random, f, samples(3000));
            for (const Rounding r : kModes) {
                EXPECT_EQ(wrong(f, r, pairs, true), 0u) << name(f) << "/" << name(r);
            }
        }
    }
}

TEST(ShortCuts, ProductsOfE8UpToM7InBothNearestModes) {
    auto random = test_random();
    for (u32 m = 1; m <= 7; ++m) {
        const Format f{8, m};
        const auto pairs = test_pairs(random, f, samples(m == 7 ? 200000 : 20000));
        EXPECT_EQ(wrong(f, Rounding::rne, pairs, true), 0u) << name(f);
        EXPECT_EQ(wrong(f, Rounding::rna, pairs, true), 0u) << name(f);
    }
}

/// From M = 8 on a product below 2^-126 is rounded twice, and some come out wrong; above, none does.
TEST(ShortCuts, ProductsOfE8FromM8AreWrongBelowTheNormalNumbers) {
    struct Case {
        u32 m;
        float a, b, product, two_steps;
    };
    // The first: 467 * 421 = 196607 units of 2^-151 are 49151.75 of 2^-149; rounded there to 49152, they have become a
    // tie between 1 and 2 units of 2^-134.
    const Case cases[] = {{8, 0x1.d3p-83f, 0x1.a5p-52f, 0x1p-134f, 0x1p-133f},
                          {8, 0x1.4bp-124f, 0x1.8cp-12f, 0x1p-134f, 0.0f},
                          {10, 0x1.7d4p-97f, 0x1.a3p-36f, 0x1.3p-132f, 0x1.4p-132f},
                          {10, 0x1.b84p-15f, 0x1.6f8p-117f, 0x1.38p-131f, 0x1.4p-131f}};
    for (const Case& c : cases) {
        const Pair pair{oracle::to_bits(c.a), oracle::to_bits(c.b)};
        EXPECT_EQ(oracle::to_float(library({8, c.m}, Rounding::rne, {pair}, true)[0]), c.product);
        EXPECT_EQ(oracle::to_float(two_steps({8, c.m}, Rounding::rne, pair, true)), c.two_steps);
    }
    auto random = test_random();
    for (const u32 m : {8u, 10u}) {
        const Format f{8, m};
        std::vector<Pair> below;
        std::vector<Pair> above;
        while (below.size() < samples(50000)) {
            const u32 a = random_between(random, f, 1u << m, last_code(f) - 1);
            const u32 b = random_between(random, f, 1u << m, last_code(f) - 1);
            const double product = std::fabs(static_cast<double>(oracle::to_float(a)) * oracle::to_float(b));
            if (product < 0x1p-126 && product > 0x1p-150) {
                below.emplace_back(a, b);
            } else if (product >= 0x1p-126) {
                above.emplace_back(a, b);
            }
        }
        wrong(f, Rounding::rne, below, true);  // the library is right on all
        EXPECT_EQ(wrong(f, Rounding::rne, above, true), 0u) << name(f);
    }
}

}  // namespace
}  // namespace axfire::testing
