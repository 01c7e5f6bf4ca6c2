// SPDX-License-Identifier: Apache-2.0
// The significand adders as integer circuits: golden vectors, the 8-bit error table, and the oracle bit for bit.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/arith/library.h"
#include "tests/oracle/circuits.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

#define AXFIRE_ID(name) AdderId::name,
constexpr AdderId kUnits[] = {AXFIRE_ADDERS(AXFIRE_ID)};
#undef AXFIRE_ID

std::vector<u64> oracle_sums(AdderId unit, const Parameters& p, u32 n, const std::vector<Pair>& pairs) {
    const oracle::Circuit circuit = oracle::adder(name_of(unit)).circuit;
    std::vector<u64> sums;
    sums.reserve(pairs.size());
    for (const auto& [a, b] : pairs) {
        sums.push_back(circuit(a, b, n, p));
    }
    return sums;
}

std::vector<Pair> every_pair(u32 n) {
    std::vector<Pair> pairs;
    for (u32 a = 0; a < (1u << n); ++a) {
        for (u32 b = 0; b < (1u << n); ++b) {
            pairs.emplace_back(a, b);
        }
    }
    return pairs;
}

/// Every claim is checked on the library and on the oracle, so that the two cannot err alike unseen.
struct Row {
    AdderId unit;
    std::vector<u64> golden;  // of (0F,0F) (5A,3C) (B7,6D) (FF,01) (88,78), k = 4
    double error_rate, mean_distance, worst, bias;
};

const Row kRows[] = {
    {AdderId::exact, {0x1e, 0x96, 0x124, 0x100, 0x100}, 0, 0, 0, 0},
    {AdderId::loa, {0x1f, 0x9e, 0x11f, 0xff, 0x108}, 68.3594, 2.87500, 8, 0.25},
    {AdderId::eta1, {0x0f, 0x8f, 0x11f, 0xff, 0xff}, 68.3594, 3.13672, 15, -3.13672},
    {AdderId::ama5, {0x1f, 0x9c, 0x11d, 0x101, 0x108}, 93.7500, 4.00000, 8, 0.5},
    {AdderId::trunc0, {0x00, 0x80, 0x110, 0xf0, 0xf0}, 99.6094, 15.0, 30, -15.0},
};

TEST(AdderUnits, GoldenVectors) {
    const std::vector<Pair> inputs = {{0x0f, 0x0f}, {0x5a, 0x3c}, {0xb7, 0x6d}, {0xff, 0x01}, {0x88, 0x78}};
    for (const Row& row : kRows) {
        EXPECT_TRUE(same(inputs, oracle_sums(row.unit, {{4}}, 8, inputs), row.golden)) << name_of(row.unit);
        EXPECT_TRUE(same(inputs, library_sums(row.unit, {{4}}, 8, inputs), row.golden)) << name_of(row.unit);
    }
}

TEST(AdderUnits, ErrorsOverAll8BitPairs) {
    const std::vector<Pair> pairs = every_pair(8);
    for (const Row& row : kRows) {
        for (const bool library : {false, true}) {
            const auto sums =
                library ? library_sums(row.unit, {{4}}, 8, pairs) : oracle_sums(row.unit, {{4}}, 8, pairs);
            double wrong = 0, distance = 0, bias = 0, worst = 0;
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                const double error = static_cast<double>(sums[i]) - (pairs[i].first + pairs[i].second);
                wrong += error != 0 ? 1 : 0;
                distance += std::fabs(error);
                bias += error;
                worst = std::max(worst, std::fabs(error));
            }
            const double count = static_cast<double>(pairs.size());
            EXPECT_NEAR(100 * wrong / count, row.error_rate, 0.00005) << name_of(row.unit);
            EXPECT_NEAR(distance / count, row.mean_distance, 0.000005) << name_of(row.unit);
            EXPECT_NEAR(bias / count, row.bias, 0.000005) << name_of(row.unit);
            EXPECT_EQ(worst, row.worst) << name_of(row.unit);
        }
    }
}

TEST(AdderUnits, LoaClosedForm) {
    const std::vector<Pair> pairs = every_pair(8);
    for (u32 k = 1; k <= 7; ++k) {  // at k = n the carry-out is lost: another bias
        const auto sums = library_sums(AdderId::loa, {{k}}, 8, pairs);
        double wrong = 0, bias = 0, worst = 0;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            const double error = static_cast<double>(sums[i]) - (pairs[i].first + pairs[i].second);
            wrong += error != 0 ? 1 : 0;
            bias += error;
            worst = std::max(worst, std::fabs(error));
        }
        EXPECT_DOUBLE_EQ(wrong / 65536, 1 - std::pow(0.75, k)) << k;
        EXPECT_EQ(worst, std::ldexp(1.0, static_cast<int>(k) - 1)) << k;
        EXPECT_EQ(bias / 65536, 0.25) << k;
    }
}

TEST(AdderUnits, EqualTheOracleOnAll8BitPairs) {
    const std::vector<Pair> pairs = every_pair(8);
    for (const AdderId unit : kUnits) {
        for (u32 k = 0; k <= 8; ++k) {
            EXPECT_TRUE(same(pairs, library_sums(unit, {{k}}, 8, pairs), oracle_sums(unit, {{k}}, 8, pairs)))
                << name_of(unit) << " k=" << k;
        }
    }
}

TEST(AdderUnits, EqualTheOracleAtOtherWidthsOnEveryLaneType) {
    auto random = test_random();
    for (const AdderId unit : kUnits) {
        for (const u32 n : {1u, 2u, 3u, 5u, 11u, 13u, 16u, 24u, 26u, 31u}) {
            for (u32 k = 0; k <= n; ++k) {
                std::vector<Pair> pairs = {
                    {0, 0}, {(1u << n) - 1, (1u << n) - 1}, {(1u << n) - 1, 0}, {0, (1u << n) - 1}};
                for (std::size_t i = 0; i < samples(400); ++i) {
                    pairs.emplace_back(static_cast<u32>(random() >> 13) % (1u << n),
                                       static_cast<u32>(random() >> 13) % (1u << n));
                }
                const auto want = oracle_sums(unit, {{k}}, n, pairs);
                for (const unsigned width : kWidths) {
                    ASSERT_TRUE(same(pairs, library_sums(unit, {{k}}, n, pairs, width), want))
                        << name_of(unit) << " n=" << n << " k=" << k << " width " << width;
                }
            }
        }
    }
}

TEST(AdderUnits, ZeroApproximateBitsAddExactly) {
    const std::vector<Pair> pairs = every_pair(7);
    for (const AdderId unit : kUnits) {
        const auto sums = library_sums(unit, {{0}}, 7, pairs);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            ASSERT_EQ(sums[i], pairs[i].first + pairs[i].second) << name_of(unit);
        }
    }
}

}  // namespace
}  // namespace axfire::testing
