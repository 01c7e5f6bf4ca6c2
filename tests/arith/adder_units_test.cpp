// SPDX-License-Identifier: Apache-2.0
// The significand adders as integer circuits: golden vectors, the 8-bit error table, and the oracle bit for bit.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/arith/library.h"
#include "tests/oracle/circuits.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"
#include "tests/support/settings.h"

namespace axfire::testing {
namespace {

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
    Parameters parameters;
    std::vector<u64> golden;  // of (0F,0F) (5A,3C) (B7,6D) (FF,01) (88,78); empty where docs/arithmetic.md gives none
    double error_rate, mean_distance, worst, bias;
};

const Row kRows[] = {
    {AdderId::exact, {}, {0x1e, 0x96, 0x124, 0x100, 0x100}, 0, 0, 0, 0},
    {AdderId::loa, {{4}}, {0x1f, 0x9e, 0x11f, 0xff, 0x108}, 68.3594, 2.87500, 8, 0.25},
    {AdderId::loawa, {{4}}, {0x0f, 0x8e, 0x11f, 0xff, 0xf8}, 68.3594, 3.75, 15, -3.75},
    {AdderId::eta1, {{4}}, {0x0f, 0x8f, 0x11f, 0xff, 0xff}, 68.3594, 3.13672, 15, -3.13672},
    {AdderId::heaa, {{4}}, {0x17, 0x96, 0x11f, 0xff, 0x100}, 57.8125, 1.75, 7, -1.75},
    {AdderId::hoeraa, {{4}}, {0x1f, 0x97, 0x11f, 0xff, 0x103}, 81.25, 1.9375, 7, -0.5},
    {AdderId::hoaaned, {{4}}, {0x1f, 0x97, 0x11f, 0xff, 0x103}, 81.25, 1.9375, 7, 0},
    {AdderId::herloa, {{4}}, {0x1b, 0x96, 0x11f, 0xff, 0x100}, 50.7812, 1.15625, 7, -1.15625},
    {AdderId::seta, {{4}}, {}, 68.3594, 2.78125, 8, 0.4375},
    {AdderId::oloca, {{4, 2, 0}}, {}, 85.9375, 3.20312, 11, 1.0},
    {AdderId::ama5, {{4}}, {0x1f, 0x9c, 0x11d, 0x101, 0x108}, 93.7500, 4.00000, 8, 0.5},
    {AdderId::lzta, {{4}}, {0x10, 0x90, 0x120, 0x100, 0x100}, 93.75, 4.875, 14, -3.0},
    {AdderId::ldca, {{4, 2}}, {}, 93.75, 4.3125, 11, 2.0},
    {AdderId::trunc0, {{4}}, {0x00, 0x80, 0x110, 0xf0, 0xf0}, 99.6094, 15.0, 30, -15.0},
    {AdderId::trunc1, {{4}}, {}, 93.75, 5.3125, 15, 0},
    {AdderId::gear, {{2, 2}}, {0x1e, 0x96, 0x124, 0xf0, 0xc0}, 18.75, 7.5, 64, -7.5},
};

TEST(AdderUnits, GoldenVectors) {
    const std::vector<Pair> inputs = {{0x0f, 0x0f}, {0x5a, 0x3c}, {0xb7, 0x6d}, {0xff, 0x01}, {0x88, 0x78}};
    for (const Row& row : kRows) {
        if (!row.golden.empty()) {
            EXPECT_TRUE(same(inputs, oracle_sums(row.unit, row.parameters, 8, inputs), row.golden))
                << name_of(row.unit);
            EXPECT_TRUE(same(inputs, library_sums(row.unit, row.parameters, 8, inputs), row.golden))
                << name_of(row.unit);
        }
    }
}

TEST(AdderUnits, ErrorsOverAll8BitPairs) {
    const std::vector<Pair> pairs = every_pair(8);
    for (const Row& row : kRows) {
        for (const bool library : {false, true}) {
            const auto sums = library ? library_sums(row.unit, row.parameters, 8, pairs)
                                      : oracle_sums(row.unit, row.parameters, 8, pairs);
            double wrong = 0, distance = 0, bias = 0, worst = 0;
            for (std::size_t i = 0; i < pairs.size(); ++i) {
                const double error = static_cast<double>(sums[i]) - (pairs[i].first + pairs[i].second);
                wrong += error != 0 ? 1 : 0;
                distance += std::fabs(error);
                bias += error;
                worst = std::max(worst, std::fabs(error));
            }
            const double count = static_cast<double>(pairs.size());
            EXPECT_NEAR(100 * wrong / count, row.error_rate, 0.0000501) << name_of(row.unit);
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
    for (const AdderId unit : every_adder()) {
        for (const Parameters& p : settings(unit, 8, 40)) {
            EXPECT_TRUE(same(pairs, library_sums(unit, p, 8, pairs), oracle_sums(unit, p, 8, pairs)))
                << setting_name(unit, p);
        }
    }
}

TEST(AdderUnits, EqualTheOracleAtOtherWidthsOnEveryLaneType) {
    auto random = test_random();
    for (const AdderId unit : every_adder()) {
        for (const u32 n : {2u, 3u, 5u, 11u, 13u, 16u, 24u, 26u, 29u}) {
            for (const Parameters& p : settings(unit, n, 60)) {
                std::vector<Pair> pairs = {
                    {0, 0}, {(1u << n) - 1, (1u << n) - 1}, {(1u << n) - 1, 0}, {0, (1u << n) - 1}};
                for (std::size_t i = 0; i < samples(300); ++i) {
                    pairs.emplace_back(static_cast<u32>(random() >> 13) % (1u << n),
                                       static_cast<u32>(random() >> 13) % (1u << n));
                }
                const auto want = oracle_sums(unit, p, n, pairs);
                for (const unsigned width : kWidths) {
                    ASSERT_TRUE(same(pairs, library_sums(unit, p, n, pairs, width), want))
                        << setting_name(unit, p) << " n=" << n << " width " << width;
                }
            }
        }
    }
}

TEST(AdderUnits, ZeroApproximateBitsAddExactly) {
    const std::vector<Pair> pairs = every_pair(7);
    for (const AdderId unit : every_adder()) {
        if (info(unit).parameter_count == 0 || std::string(info(unit).parameters[0].name) != "k" ||
            info(unit).parameters[0].min != 0) {
            continue;
        }
        const auto sums = library_sums(unit, {}, 7, pairs);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            ASSERT_EQ(sums[i], pairs[i].first + pairs[i].second) << name_of(unit);
        }
    }
}

/// The three names of one structure.
TEST(AdderUnits, AcaAndEta2AreGears) {
    const std::vector<Pair> pairs = every_pair(8);
    for (u32 q = 1; q <= 8; ++q) {
        EXPECT_TRUE(same(pairs, library_sums(AdderId::aca, {{q}}, 8, pairs),
                         library_sums(AdderId::gear, {{1, q - 1}}, 8, pairs)));
    }
    for (u32 block = 1; block <= 4; ++block) {
        EXPECT_TRUE(same(pairs, library_sums(AdderId::eta2, {{block}}, 8, pairs),
                         library_sums(AdderId::gear, {{block, block}}, 8, pairs)));
    }
}

}  // namespace
}  // namespace axfire::testing
