// SPDX-License-Identifier: Apache-2.0
// The FP multiplier pipeline around approximate circuits: results calculated by hand, and the oracle over edge and
// random pairs, on every lane type.
#include <gtest/gtest.h>

#include "arith/ordinary_product.h"
#include "tests/arith/library.h"
#include "tests/oracle/fp_mul.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"
#include "tests/support/settings.h"

namespace axfire::testing {
namespace {

std::string text(const MultiplierSpec& s) {
    std::string t = setting_name(s.unit, s.parameters) + "@" + name(s.format);
    if (s.round_product) {
        t += " round=";
        t += name(s.rounding);
    }
    return t;
}

std::vector<u32> oracle_mul(const MultiplierSpec& s, const std::vector<Pair>& pairs) {
    const auto& unit = oracle::multiplier(name_of(s.unit));
    std::vector<u32> products;
    products.reserve(pairs.size());
    for (const auto& [a, b] : pairs) {
        products.push_back(oracle::approximate_mul(s.format, unit, s.parameters, s.round_product, s.rounding, a, b));
    }
    return products;
}

/// Settings of every unit, arrays in blocks among them, at most `most` of each; and drum and the arrays at their
/// extremes.
std::vector<MultiplierSpec> settings_of(const Format& f, std::size_t most) {
    const u32 p = f.fraction_bits + 1;
    std::vector<MultiplierSpec> all;
    for (const MultiplierId id : every_multiplier()) {
        if (id == MultiplierId::exact) {
            continue;
        }
        for (const Parameters& setting : settings(id, p, most)) {
            const int block = block_parameter(id);
            if (block < 0 || setting.value[block] == 0 || 2 * setting.value[block] >= p) {
                all.push_back({id, setting, f});
            }
        }
    }
    for (const u32 k : {1u, 2u, 4u, 6u, p}) {
        if (k <= p) {
            all.push_back({MultiplierId::drum, {{k}}, f});
        }
    }
    for (const u32 v : {0u, p / 2, p - 1, p}) {
        all.push_back({MultiplierId::trunc, {{v}}, f});
    }
    all.push_back({MultiplierId::bam, {{p / 2, p}}, f});
    all.push_back({MultiplierId::bam, {{p, 0}}, f});  // no row left: every product is a zero
    const u32 half = (p + 1) / 2;
    all.push_back({MultiplierId::trunc, {{half, half}}, f});
    all.push_back({MultiplierId::bam, {{half / 2, half, half}}, f});
    all.push_back({MultiplierId::bam, {{2, 12, 12}}, f});  // one tile where p <= 12
    all.push_back({MultiplierId::trunc, {{18, 12}}, f});
    return all;
}

void expect_as_oracle(const MultiplierSpec& spec, const std::vector<Pair>& pairs) {
    const auto want = oracle_mul(spec, pairs);
    for (const unsigned width : kWidths) {
        ASSERT_TRUE(same(pairs, library_mul(spec, pairs, width), want)) << text(spec) << " width " << width;
        if (has_ordinary_product(spec)) {
            ASSERT_TRUE(same(pairs, library_short_mul(spec, pairs, width), want))
                << "short form of " << text(spec) << " width " << width;
        }
    }
}

void expect_format_as_oracle(const Format& format, std::size_t count) {
    auto random = test_random();
    for (const Format& f : with_options(format)) {
        const std::size_t number = samples(f == format ? count : count / 10);
        for (const MultiplierSpec& spec : settings_of(f, f == format ? 8 : 3)) {
            expect_as_oracle(spec, test_pairs(random, f, number));
        }
    }
}

TEST(ApproximateMultiply, Fp32EqualsTheOracle) {
    expect_format_as_oracle(kFp32, 6000);
}
TEST(ApproximateMultiply, Bf16EqualsTheOracle) {
    expect_format_as_oracle(kBf16, 6000);
}
TEST(ApproximateMultiply, Fp16EqualsTheOracle) {
    expect_format_as_oracle(kFp16, 6000);
}
TEST(ApproximateMultiply, E5m6EqualsTheOracle) {
    expect_format_as_oracle({5, 6}, 4000);
}
TEST(ApproximateMultiply, E7m16EqualsTheOracle) {
    expect_format_as_oracle({7, 16}, 2000);
}
TEST(ApproximateMultiply, E2m1EqualsTheOracle) {
    expect_format_as_oracle({2, 1}, 1000);
}

TEST(ApproximateMultiply, EveryPairOfThe8BitFormatsEqualsTheOracle) {
    for (const Format& f : {kFp8E4m3, kFp8E5m2, Format{4, 3}, Format{3, 4}}) {
        std::vector<u32> values;
        for (u32 code = 0; code < 256; code += samples(20) < 20 ? 5 : 1) {
            values.push_back(oracle::number_of_code(f, code));
        }
        const auto pairs = all_pairs(values);
        for (const MultiplierSpec& spec : settings_of(f, 5)) {
            ASSERT_TRUE(same(pairs, library_mul(spec, pairs), oracle_mul(spec, pairs))) << text(spec);
        }
    }
}

TEST(ApproximateMultiply, RoundedProductsEqualTheOracle) {
    auto random = test_random();
    for (const Format& f : {kFp32, kBf16, kFp16, kFp8E4m3}) {
        for (MultiplierSpec spec : settings_of(f, samples(4))) {
            for (const Rounding r : kModes) {
                spec.round_product = true;
                spec.rounding = r;
                expect_as_oracle(spec, test_pairs(random, f, samples(500)));
            }
        }
    }
}

/// With nothing left out, a rounded product is the exact unit's.
TEST(ApproximateMultiply, RoundingAFullArrayIsExact) {
    auto random = test_random();
    for (const Format& f : {kFp32, kBf16, kFp16}) {
        const auto pairs = test_pairs(random, f, samples(5000));
        for (const Rounding r : kModes) {
            const auto want = library_mul({MultiplierId::exact, {}, f, r}, pairs);
            EXPECT_TRUE(same(pairs, library_mul({MultiplierId::trunc, {{0}}, f, r, true}, pairs), want)) << name(f);
            EXPECT_TRUE(same(pairs, library_mul({MultiplierId::bam, {{0, 0, 12}}, f, r, true}, pairs), want))
                << name(f);
        }
    }
}

/// Ordinary operands and zeros do take the short form; subnormals, infinities, NaN and what may leave the exponent's
/// range do not.
TEST(ApproximateMultiply, OrdinaryOperandsTakeTheShortForm) {
    auto random = test_random();
    std::vector<Pair> ordinary = all_pairs({0, 0x80000000, 0x3f800000, 0xbfffffff, 0x30000000, 0x4f7fffff});
    for (std::size_t i = 0; i < samples(1000); ++i) {
        const u32 a = static_cast<u32>(random());
        const u32 b = static_cast<u32>(random());
        ordinary.emplace_back((a & 0x9fffffff) | 0x20000000, (b & 0x8fffffff) | 0x30000000);
    }
    const u32 normal[] = {0x00800000, 0x3f800000, 0x7f7fffff, 0};
    std::vector<Pair> strange;
    for (const u32 x : {0x00000001u, 0x007fffffu, 0x7f800000u, 0x7f800001u, 0xffc00000u}) {
        for (const u32 y : normal) {
            strange.emplace_back(x, y);
            strange.emplace_back(y, x);
        }
        strange.emplace_back(x, x);
    }
    for (const Pair& ends :
         {Pair{0x00800000, 0x3f000000}, Pair{0x7f7fffff, 0x40000000}, Pair{0x7f7fffff, 0x7f7fffff}}) {
        strange.push_back(ends);
    }
    for (const MultiplierId unit : {MultiplierId::mitchell, MultiplierId::mbm, MultiplierId::trunc}) {
        for (const unsigned width : kWidths) {
            for (const bool is_strange : library_strange({unit, {}, kFp32}, ordinary, width)) {
                ASSERT_FALSE(is_strange) << width;
            }
            for (std::size_t i = 0; i < strange.size(); ++i) {  // one lane is enough
                std::vector<Pair> mixed(ordinary.begin(), ordinary.begin() + width);
                mixed[i % width] = strange[i];
                ASSERT_TRUE(library_strange({unit, {}, kFp32}, mixed, width)[0])
                    << width << ' ' << hex(strange[i].first) << ' ' << hex(strange[i].second);
            }
        }
    }
}

u32 mul(const MultiplierSpec& spec, u32 a, u32 b) {
    return library_mul(spec, {{a, b}})[0];
}

/// Mitchell's multiplication in floating point adds exponents and fractions as one integer.
TEST(ApproximateMultiply, MitchellAddsTheBitPatterns) {
    auto random = test_random();
    std::vector<Pair> pairs;
    std::vector<u32> sums;
    while (pairs.size() < samples(100000)) {
        const u32 a = static_cast<u32>(random() % 0x40000000) + 0x20000000;
        const u32 b = static_cast<u32>(random() % 0x3e000000) + 0x20000000;
        const u32 sum = a + b - 0x3f800000;
        if (sum >= 0x00800000 && sum < 0x7f800000) {
            pairs.emplace_back(a, b);
            sums.push_back(sum);
        }
    }
    EXPECT_TRUE(same(pairs, library_mul({MultiplierId::mitchell, {}, kFp32}, pairs), sums));
}

TEST(ApproximateMultiply, ResultsCalculatedByHand) {
    // bf16, p = 8: 0x81 * 0x81 = 0x4101; >> 8 leaves 0x41, and below 2 it moves up with a zero: 1.015625.
    const MultiplierSpec plain{MultiplierId::trunc, {{0}}, kBf16};
    EXPECT_EQ(mul(plain, 0x3f810000, 0x3f810000), 0x3f820000u);
    // 0xff * 0xff = 0xfe01; >> 8 leaves 0xfe: 2 * 1.984375.
    EXPECT_EQ(mul(plain, 0x3fff0000, 0x3fff0000), 0x407e0000u);
    // 0x83 * 0x81 = 0x4203: one is lost in the low half, 0x42 becomes 0x84, where the exact product needs 0x84.06.
    EXPECT_EQ(mul(plain, 0x3f830000, 0x3f810000), 0x3f840000u);
    // Without row 7, the only one of 1.0: P is 0, and so is P >> p.
    const MultiplierSpec empty{MultiplierId::bam, {{8, 0}}, kBf16};
    EXPECT_EQ(mul(empty, 0x3f800000, 0xbf800000), 0x80000000u) << "a zero of the product's sign";
    // Only a[7] b[7] kept: 0x4000, that is 1.
    const MultiplierSpec corner{MultiplierId::trunc, {{14}}, kBf16};
    EXPECT_EQ(mul(corner, 0x3fff0000, 0x3fff0000), 0x3f800000u);
    // A leading bit lost: drum's operands keep theirs, a tile of a tiled array need not. e5m2 has p = 3; in tiles of 2
    // bits and without columns below 2, 0b100 * 0b111 keeps AH*BL = 1*3 not at all and AH*BH = 1*1 not at all: 0.
    const MultiplierSpec tiled{MultiplierId::trunc, {{2, 2}}, kFp8E5m2};
    EXPECT_EQ(mul(tiled, 0x3f800000, 0x3fe00000), 0u);
    // 0b111 * 0b111: AL*BL = 3*3 keeps a[1] b[1], 4; the others nothing. P = 4, P >> 3 = 0: a zero.
    EXPECT_EQ(mul(tiled, 0x3fe00000, 0xbfe00000), 0x80000000u);
    // Without columns below 1 instead: AL*BL = 9 - 1, AH*BL = 1*3 keeps 2, so does AL*BH, AH*BH = 1*1 keeps 0:
    // P = 8 + (4 << 2) = 24; 24 >> 3 = 3, moved up to 6 = 1.5 * 2^2: 1.5 at half the weight of bit p-1, 1.5.
    EXPECT_EQ(mul({MultiplierId::trunc, {{1, 2}}, kFp8E5m2}, 0x3fe00000, 0x3fe00000), 0x3fc00000u);
    // DRUM: k = 2 makes 0x81 (10000001) into 11000000: 1.5 * 1.5.
    EXPECT_EQ(mul({MultiplierId::drum, {{2}}, kBf16}, 0x3f810000, 0x3f810000), 0x40100000u);
}

TEST(ApproximateMultiply, SpecialOperands) {
    const u32 inf = oracle::kInfinity;
    const u32 nan = oracle::kCanonicalNan;
    const MultiplierSpec specs[] = {{MultiplierId::mitchell, {}, kFp32},
                                    {MultiplierId::drum, {{4}}, kFp32},
                                    {MultiplierId::bam, {{2, 12, 12}}, kFp32}};
    for (const MultiplierSpec& spec : specs) {
        EXPECT_EQ(mul(spec, 0x80000000, 0x3f800000), 0x80000000u);
        EXPECT_EQ(mul(spec, 0x00000000, 0x00000000), 0u);
        EXPECT_EQ(mul(spec, inf, 0), nan);
        EXPECT_EQ(mul(spec, inf, 0xbf800000), inf | oracle::kSignBit);
        EXPECT_EQ(mul(spec, 0x7f800001, 0), nan);
        EXPECT_EQ(mul(spec, 0x7f7fffff, 0xff7fffff), inf | oracle::kSignBit);
        EXPECT_EQ(mul(spec, 0x00800000, 0x80800000), 0x80000000u) << "far below the smallest subnormal";
    }
    Format saturating = kFp32;
    saturating.overflow = Overflow::saturate;
    EXPECT_EQ(mul({MultiplierId::mitchell, {}, saturating}, 0x7f7fffff, 0xff7fffff), 0xff7fffffu);
    EXPECT_EQ(mul({MultiplierId::mitchell, {}, kFp8E4m3}, 0x43e00000, 0x43e00000), nan) << "448 * 448";
}

}  // namespace
}  // namespace axfire::testing
