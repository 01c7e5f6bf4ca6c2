// SPDX-License-Identifier: Apache-2.0
// The figures of `arith characterize` against plain loops over the oracles.
#include "tests/engine/characterize_support.h"
#include "tests/oracle/circuits.h"
#include "tests/oracle/dyadic.h"
#include "tests/oracle/fp_add.h"
#include "tests/oracle/fp_mul.h"

namespace axfire::test {

namespace {

/// The figures by their definitions, every pair kept.
struct Pairs {
    std::vector<double> got, exact, right;

    void add(double approximate, double real, double rounded) {
        got.push_back(approximate);
        exact.push_back(real);
        right.push_back(rounded);
    }

    nlohmann::json figures(double largest) const {
        double wrong = 0, med = 0, mse = 0, wce = 0, bias = 0, mred = 0, re_bias = 0, re_min = 9, re_max = -9;
        double relative = 0;
        for (std::size_t i = 0; i < got.size(); ++i) {
            const double e = got[i] - exact[i];
            wrong += got[i] != right[i] ? 1 : 0;
            med += std::abs(e);
            mse += e * e;
            wce = std::max(wce, std::abs(e));
            bias += e;
            if (exact[i] != 0) {
                ++relative;
                mred += std::abs(e / exact[i]);
                re_bias += e / exact[i];
                re_min = std::min(re_min, e / exact[i]);
                re_max = std::max(re_max, e / exact[i]);
            }
        }
        const double n = static_cast<double>(got.size());
        return {
            {"error_rate", wrong / n}, {"med", med / n},  {"nmed", med / n / largest}, {"mred", mred / relative},
            {"mse", mse / n},          {"wce", wce},      {"bias", bias / n},          {"re_bias", re_bias / relative},
            {"re_min", re_min},        {"re_max", re_max}};
    }
};

void expect_figures(const nlohmann::json& got, const nlohmann::json& want, const std::string& what) {
    for (const auto& [key, value] : want.items()) {
        ASSERT_TRUE(got.contains(key)) << what << " " << key;
        const double wanted = value.get<double>();
        EXPECT_NEAR(got[key].get<double>(), wanted, 1e-12 * (1 + std::abs(wanted))) << what << " " << key;
    }
}

/// Positive numbers of a format in [1, 2), scaled by 2^-difference; as binary32 bits.
u32 significand(const Format& f, u32 fraction, u32 difference = 0) {
    return (127 - difference) << 23 | fraction << (23 - f.fraction_bits);
}
double number(u32 bits) {
    return oracle::to_float(bits);
}

}  // namespace

TEST(CharacterizeCheck, CircuitsByThePlainLoop) {
    struct Case {
        const char* text;
        const char* name;
        bool adds;
        Parameters parameters;
    };
    const Case cases[] = {{"herloa(k=4)", "herloa", true, {{4}}},
                          {"gear(r=2,p=1)", "gear", true, {{2, 1}}},
                          {"ldca(k=3,t=1)", "ldca", true, {{3, 1}}},
                          {"drum(k=3)", "drum", false, {{3}}},
                          {"lmul", "lmul", false, {}},
                          {"bam(h=1,v=4)", "bam", false, {{1, 4}}}};
    for (const u32 n : {5u, 7u}) {
        for (const Case& c : cases) {
            const oracle::Circuit circuit = c.adds ? oracle::adder(c.name).circuit : oracle::multiplier(c.name).circuit;
            Pairs pairs;
            for (u64 a = 0; a < 1u << n; ++a) {
                for (u64 b = 0; b < 1u << n; ++b) {
                    const double exact = static_cast<double>(c.adds ? a + b : a * b);
                    pairs.add(static_cast<double>(circuit(a, b, n, c.parameters)), exact, exact);
                }
            }
            const double most = (1u << n) - 1;
            expect_figures(characterize(fmt::format("'{}' --int --bits {}", c.text, n)),
                           pairs.figures(c.adds ? 2 * most : most * most), c.text);
        }
    }
}

// In the format's own, narrow range of exponents: the command measures with 8-bit exponents.
TEST(CharacterizeCheck, AdditionsByThePlainLoop) {
    const Format f = kFp8E4m3;
    const double unit = 8;  // 2^M
    const auto json = characterize("'loa(k=2)@fp8_e4m3'");
    Pairs all;
    for (u32 difference = 0; difference <= 5; ++difference) {
        for (const u32 opposite : {0u, 1u}) {
            Pairs row;
            for (u32 i = 0; i < 8 * 8 * 2; ++i) {
                const u32 sign = i % 2 << 31;
                const u32 a = significand(f, i / 16) ^ sign;
                const u32 b = significand(f, i / 2 % 8, difference) ^ sign ^ opposite << 31;
                const double toward = sign == 0 ? unit : -unit;
                const double got = number(oracle::approximate_add(f, oracle::adder("loa"), {{2}}, {}, a, b)) * toward;
                const double right = number(oracle::exact_add(f, Rounding::rne, a, b)) * toward;
                row.add(got, (number(a) + number(b)) * toward, right);
                all.add(got, (number(a) + number(b)) * toward, right);
            }
            const auto& got = json["operation"]["rows"][2 * difference + opposite];
            EXPECT_EQ(got["difference"], difference);
            EXPECT_EQ(got["signs"], opposite == 1 ? "opposite" : "same");
            expect_figures(got, row.figures(2 * 15), fmt::format("difference {}", difference));
        }
    }
    EXPECT_EQ(json["operation"]["rows"].size(), 12u);
    expect_figures(json, all.figures(2 * 15), "all");
    EXPECT_EQ(json["pairs"], 12 * 128);
}

TEST(CharacterizeCheck, MultiplicationsByThePlainLoop) {
    const Format f{5, 4};
    Pairs significands, operation;
    for (u32 x = 0; x < 16; ++x) {
        for (u32 y = 0; y < 16; ++y) {
            const double exact = (16 + x) * (16 + y);
            const u32 a = significand(f, x), b = significand(f, y);
            const double product = static_cast<double>(oracle::multiplier("drum").circuit(16 + x, 16 + y, 5, {{3}}));
            significands.add(product, exact, exact);
            operation.add(
                16 * number(oracle::approximate_mul(f, oracle::multiplier("drum"), {{3}}, false, Rounding::rne, a, b)),
                exact / 16, 16 * number(oracle::exact_mul(f, Rounding::rne, a, b)));
        }
    }
    const auto json = characterize("'drum(k=3)@e5m4'");
    expect_figures(json["significands"], significands.figures(31 * 31), "significands");
    expect_figures(json["operation"], operation.figures(31 * 31 / 16.0), "operation");
}

TEST(CharacterizeCheck, TiledBlocksAreThoseOfThePipeline) {
    const auto whole = characterize("'trunc(v=6)' --int --bits 10");
    const auto tiled = characterize("'trunc(v=6,n=5)' --int --bits 10");
    EXPECT_GT(tiled["med"], whole["med"]);
    Pairs pairs;
    const oracle::Circuit circuit = oracle::multiplier("trunc").circuit;
    const Parameters v{{6}};
    for (u64 a = 0; a < 1024; ++a) {
        for (u64 b = 0; b < 1024; ++b) {
            const u64 mid = circuit(a >> 5, b & 31, 5, v) + circuit(a & 31, b >> 5, 5, v);
            const u64 product = circuit(a & 31, b & 31, 5, v) + (mid << 5) + (circuit(a >> 5, b >> 5, 5, v) << 10);
            pairs.add(static_cast<double>(product), static_cast<double>(a * b), static_cast<double>(a * b));
        }
    }
    expect_figures(tiled, pairs.figures(1023.0 * 1023.0), "trunc(v=6,n=5)");
}

TEST(CharacterizeCheck, ExactUnitsHaveNoErrorButRounding) {
    for (const char* unit : {"exact@bf16", "exact@e4m5/rd", "exact@fp32"}) {
        for (const char* op : {"add", "mul"}) {
            const auto json = characterize(fmt::format("{} --op {} --samples 100000", unit, op));
            EXPECT_EQ(json["operation"]["error_rate"], 0) << unit << op;
            EXPECT_GT(json["operation"]["wce"], 0) << unit << op;
            EXPECT_LE(json["operation"]["wce"], 2) << unit << op;
        }
    }
}

}  // namespace axfire::test
