// SPDX-License-Identifier: Apache-2.0
// The significand multipliers as integer circuits: golden vectors, the error tables, and the oracle bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/arith/library.h"
#include "tests/oracle/circuits.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"
#include "tests/support/settings.h"

namespace axfire::testing {
namespace {

struct Unit {
    MultiplierId id;
    Parameters parameters;
};

std::string name(const Unit& unit) {
    std::string text = name_of(unit.id);
    for (const u32 value : unit.parameters.value) {
        text += " " + std::to_string(value);
    }
    return text;
}

std::vector<u64> oracle_products(const Unit& unit, u32 n, const std::vector<Pair>& pairs) {
    const oracle::Circuit circuit = oracle::multiplier(name_of(unit.id)).circuit;
    std::vector<u64> products;
    products.reserve(pairs.size());
    for (const auto& [a, b] : pairs) {
        products.push_back(circuit(a, b, n, unit.parameters));
    }
    return products;
}

std::vector<u64> library(const Unit& unit, u32 n, const std::vector<Pair>& pairs, unsigned width = 1) {
    return library_products(unit.id, unit.parameters, n, pairs, width);
}

/// All pairs of [low, 2^n).
std::vector<Pair> pairs_from(u32 low, u32 n) {
    std::vector<Pair> pairs;
    for (u32 a = low; a < (1u << n); ++a) {
        for (u32 b = low; b < (1u << n); ++b) {
            pairs.emplace_back(a, b);
        }
    }
    return pairs;
}

/// Settings of every unit for n-bit operands, at most `most` of each.
std::vector<Unit> units(u32 n, std::size_t most) {
    std::vector<Unit> all;
    for (const MultiplierId id : every_multiplier()) {
        for (Parameters p : settings(id, n, most)) {
            if (const int block = block_parameter(id); block >= 0) {
                p.value[block] = 0;  // the circuit by itself
            }
            all.push_back({id, p});
        }
    }
    return all;
}

TEST(MultiplierUnits, GoldenVectors) {
    const std::vector<Pair> inputs = {{200, 100}, {255, 255}, {3, 3}, {150, 77}, {129, 254}};
    const std::pair<Unit, std::vector<u64>> rows[] = {
        {{MultiplierId::exact, {}}, {20000, 65025, 9, 11550, 32766}},
        {{MultiplierId::mitchell, {}}, {18432, 65024, 8, 11264, 32640}},
        {{MultiplierId::drum, {{4}}}, {21632, 57600, 9, 10368, 34560}},
        {{MultiplierId::trunc, {{6}}}, {19968, 64704, 0, 11456, 32704}},
        {{MultiplierId::roba, {}}, {18432, 65024, 8, 11264, 32768}},
        {{MultiplierId::kulkarni, {}}, {20000, 50575, 7, 11550, 32766}},
        {{MultiplierId::bam, {{0, 6}}}, {19968, 64704, 0, 11456, 32704}},  // bam(0, v) is trunc(v)
    };
    for (const auto& [unit, golden] : rows) {
        EXPECT_TRUE(same(inputs, oracle_products(unit, 8, inputs), golden)) << name(unit);
        EXPECT_TRUE(same(inputs, library(unit, 8, inputs), golden)) << name(unit);
    }
}

struct Errors {
    double rate = 0, mean_relative = 0, bias_relative = 0, min_relative = 0, max_relative = 0,
           worst = 0;  // %, except worst
    double mean_distance = 0, mean_square = 0;
};

Errors errors(const std::vector<Pair>& pairs, const std::vector<u64>& products) {
    Errors e;
    double nonzero = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const double exact = static_cast<double>(u64{pairs[i].first} * pairs[i].second);
        const double error = static_cast<double>(products[i]) - exact;
        e.rate += error != 0 ? 1 : 0;
        e.worst = std::max(e.worst, std::fabs(error));
        e.mean_distance += std::fabs(error);
        e.mean_square += error * error;
        if (exact != 0) {
            nonzero += 1;
            e.mean_relative += std::fabs(error) / exact;
            e.bias_relative += error / exact;
            e.min_relative = std::min(e.min_relative, 100 * error / exact);
            e.max_relative = std::max(e.max_relative, 100 * error / exact);
        }
    }
    const double count = static_cast<double>(pairs.size());
    e.rate *= 100 / count;
    e.mean_distance /= count;
    e.mean_square /= count;
    e.mean_relative *= 100 / nonzero;
    e.bias_relative *= 100 / nonzero;
    return e;
}

TEST(MultiplierUnits, ErrorsOverAll8BitPairs) {
    struct Row {
        Unit unit;
        double rate, mean_relative, worst;
    };
    const Row rows[] = {
        {{MultiplierId::mitchell, {}}, 93.0923, 3.7878, 4096}, {{MultiplierId::drum, {{4}}}, 97.7173, 5.8868, 7425},
        {{MultiplierId::roba, {}}, 93.0923, 2.8622, 4096},     {{MultiplierId::kulkarni, {}}, 46.7300, 3.2805, 14450},
        {{MultiplierId::ssm, {{5}}}, 93.9087, 5.5524, 3521},   {{MultiplierId::essm, {{6}}}, 74.6094, 1.0828, 1521},
        {{MultiplierId::trunc, {{6}}}, 93.75, 2.6375, 321}};
    const auto pairs = pairs_from(0, 8);
    for (const Row& row : rows) {
        for (const auto& products : {oracle_products(row.unit, 8, pairs), library(row.unit, 8, pairs)}) {
            const Errors e = errors(pairs, products);
            EXPECT_NEAR(e.rate, row.rate, 0.00005) << name(row.unit);
            EXPECT_NEAR(e.mean_relative, row.mean_relative, 0.00005) << name(row.unit);
            EXPECT_EQ(e.worst, row.worst) << name(row.unit);
        }
    }
}

TEST(MultiplierUnits, ErrorsOverNormalised8BitSignificands) {
    struct Row {
        Unit unit;
        double mean, bias, min, max, tolerance;  // tolerance of min and max: half a unit of the last digit given
    };
    const Row rows[] = {{{MultiplierId::mitchell, {}}, 3.8485, -3.8485, -11.111, 0, 0.0005},
                        {{MultiplierId::mbm, {}}, 2.6035, -0.0750, -7.639, 7.8125, 0.0005},
                        {{MultiplierId::almsoa, {{3}}}, 3.3378, -2.7973, -12.364, 5.469, 0.0005},
                        {{MultiplierId::roba, {}}, 2.8865, -0.0274, -11.11, 10.99, 0.005},
                        {{MultiplierId::drmitchell, {{6}}}, 2.9084, -1.1863, -11.581, 9.375, 0.0005},
                        {{MultiplierId::lmul, {}}, 2.6555, 0.4085, -7.288, 6.25, 0.0005},
                        {{MultiplierId::drum, {{4}}}, 5.9643, 1.0674, -17.98, 26.56, 0.005},
                        {{MultiplierId::drum, {{6}}}, 1.5321, 0.5761, -4.40, 6.35, 0.005}};
    const auto pairs = pairs_from(128, 8);
    for (const Row& row : rows) {
        for (const auto& products : {oracle_products(row.unit, 8, pairs), library(row.unit, 8, pairs)}) {
            const Errors e = errors(pairs, products);
            EXPECT_NEAR(e.mean_relative, row.mean, 0.00005) << name(row.unit);
            EXPECT_NEAR(e.bias_relative, row.bias, 0.00005) << name(row.unit);
            EXPECT_NEAR(e.min_relative, row.min, row.tolerance) << name(row.unit);
            EXPECT_NEAR(e.max_relative, row.max, row.tolerance) << name(row.unit);
        }
    }
    const Unit trunc{MultiplierId::trunc, {{8}}};
    for (const auto& products : {oracle_products(trunc, 8, pairs), library(trunc, 8, pairs)}) {
        EXPECT_NEAR(errors(pairs, products).mean_relative, 1.4017, 0.00005);
    }
    const Unit kulkarni{MultiplierId::kulkarni, {}};
    for (const auto& products : {oracle_products(kulkarni, 8, pairs), library(kulkarni, 8, pairs)}) {
        EXPECT_NEAR(errors(pairs, products).mean_relative, 5.7632, 0.00005);
        EXPECT_NEAR(errors(pairs, products).min_relative, -22.22, 0.005);
    }
}

/// The published figures of EvoApproxLib's mul12u_2DA and mul12u_2JV, over all 2^24 pairs.
TEST(MultiplierUnits, TwelveBitArraysHaveThePublishedErrors) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "2^24 products of two circuits: run without a sanitizer";
#endif
    const auto pairs = pairs_from(0, 12);
    const Errors da = errors(pairs, library({MultiplierId::bam, {{2, 12}}}, 12, pairs, 8));
    EXPECT_DOUBLE_EQ(da.mean_distance, 12288.25);
    EXPECT_EQ(da.worst, 49153);
    EXPECT_NEAR(da.rate, 99.84, 0.005);
    EXPECT_NEAR(da.mean_relative, 1.67, 0.005);
    EXPECT_NEAR(da.mean_square, 1.8304e8, 0.00005e8);
    const Errors jv = errors(pairs, library({MultiplierId::trunc, {{18}}}, 12, pairs, 8));
    EXPECT_DOUBLE_EQ(jv.mean_distance, 456704.25);
    EXPECT_EQ(jv.worst, 1826817);
    EXPECT_NEAR(jv.rate, 99.95, 0.005);
    EXPECT_NEAR(jv.mean_relative, 26.78, 0.005);
    EXPECT_NEAR(jv.mean_square, 2.7178e11, 0.00005e11);
}

TEST(MultiplierUnits, EqualTheOracleOnAllPairsOfUpTo8Bits) {
    for (const u32 n : {2u, 5u, 8u}) {
        const auto pairs = pairs_from(0, n);
        for (const Unit& unit : units(n, 30)) {
            ASSERT_TRUE(same(pairs, library(unit, n, pairs), oracle_products(unit, n, pairs)))
                << name(unit) << " n=" << n;
        }
    }
}

TEST(MultiplierUnits, EqualTheOracleAtOtherWidthsOnEveryLaneType) {
    auto random = test_random();
    for (const u32 n : {3u, 7u, 11u, 12u, 16u, 17u, 23u, 24u}) {
        std::vector<Pair> pairs = all_pairs({0, 1, (1u << n) - 1, 1u << (n - 1), (1u << (n - 1)) - 1, (1u << n) / 3});
        for (std::size_t i = 0; i < samples(300); ++i) {
            const u32 a = static_cast<u32>(random() >> 13) % (1u << n);
            const u32 b = static_cast<u32>(random() >> 13) % (1u << n);
            pairs.emplace_back(a, b);
            pairs.emplace_back(a >> (random() % n), b >> (random() % n));
        }
        for (const Unit& unit : units(n, 30)) {
            const auto want = oracle_products(unit, n, pairs);
            for (const unsigned width : kWidths) {
                ASSERT_TRUE(same(pairs, library(unit, n, pairs, width), want))
                    << name(unit) << " n=" << n << " width " << width;
            }
        }
    }
}

TEST(MultiplierUnits, TruncatedColumnsBeyondTheWidth) {
    auto random = test_random();
    const u32 n = 12;
    std::vector<Pair> pairs = all_pairs({0, 1, 0xfff, 0x800, 0x7ff, 0x555});
    for (std::size_t i = 0; i < samples(1000); ++i) {
        pairs.emplace_back(static_cast<u32>(random() % 4096), static_cast<u32>(random() % 4096));
    }
    for (u32 v = n; v <= 2 * n; ++v) {
        const Unit trunc{MultiplierId::trunc, {{v}}};
        const Unit bam{MultiplierId::bam, {{2, v}}};
        EXPECT_TRUE(same(pairs, library(trunc, n, pairs), oracle_products(trunc, n, pairs))) << v;
        EXPECT_TRUE(same(pairs, library(bam, n, pairs), oracle_products(bam, n, pairs))) << v;
    }
}

}  // namespace
}  // namespace axfire::testing
