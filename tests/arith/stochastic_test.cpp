// SPDX-License-Identifier: Apache-2.0
// Stochastic rounding with given random words: known cases, the oracle over edge and random operands on every lane
// type, and the words at which it must do as another mode does.
#include <gtest/gtest.h>

#include "tests/arith/library.h"
#include "tests/oracle/fp_mul.h"
#include "tests/oracle/mpfr_format.h"
#include "tests/oracle/stochastic.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"
#include "tests/support/settings.h"

namespace axfire::testing {
namespace {

const std::vector<Format> kFormats = {kFp32, kBf16, kFp16, kFp8E4m3, kFp8E5m2};
const std::vector<Format> kFurtherFormats = {kTf32, kDlfloat16, {8, 22}, {5, 11}, {7, 16}, {2, 23}, {2, 1}, {4, 3}};

AdderSpec adder(const Format& f) {
    AdderSpec s;
    s.format = f;
    s.rounding = Rounding::sr;
    return s;
}
MultiplierSpec multiplier(const Format& f) {
    MultiplierSpec s;
    s.format = f;
    s.rounding = Rounding::sr;
    return s;
}

float convert(const Format& f, float x, u32 word) {
    return oracle::to_float(library_convert(f, Rounding::sr, {oracle::to_bits(x)}, 1, {word})[0]);
}
float add(const Format& f, float a, float b, u32 word) {
    return oracle::to_float(library_add(adder(f), {{oracle::to_bits(a), oracle::to_bits(b)}}, 1, {word})[0]);
}
float mul(const Format& f, float a, float b, u32 word) {
    return oracle::to_float(library_mul(multiplier(f), {{oracle::to_bits(a), oracle::to_bits(b)}}, 1, {word})[0]);
}

TEST(Stochastic, KnownCases) {
    // A quarter of a unit in the last place of bf16 is cut off, then three quarters.
    EXPECT_EQ(convert(kBf16, 0x1.008p0F, 0x3fffffff), 0x1.02p0F);
    EXPECT_EQ(convert(kBf16, 0x1.008p0F, 0x40000000), 1.0F);
    EXPECT_EQ(convert(kBf16, -0x1.018p0F, 0xbfffffff), -0x1.02p0F) << "up in magnitude";
    EXPECT_EQ(convert(kBf16, -0x1.018p0F, 0xc0000000), -1.0F);
    EXPECT_EQ(convert(kBf16, 0x1.fep0F, 0), 0x1.fep0F) << "nothing is cut off";
    EXPECT_EQ(convert(kBf16, 0x1.ff8p0F, 0), 2.0F) << "a carry into the exponent";
    // Subnormals of fp8_e5m2 are multiples of 2^-16.
    EXPECT_EQ(convert(kFp8E5m2, 0x1.4p-16F, 0x3fffffff), 0x1p-15F);
    EXPECT_EQ(convert(kFp8E5m2, 0x1.4p-16F, 0x40000000), 0x1p-16F);
    EXPECT_EQ(convert(kFp8E5m2, 0x1p-18F, 0x3fffffff), 0x1p-16F);
    EXPECT_EQ(convert(kFp8E5m2, -0x1p-18F, 0x40000000), -0.0F);
    EXPECT_EQ(std::signbit(convert(kFp8E5m2, -0x1p-18F, 0x40000000)), true);
    EXPECT_EQ(convert(kFp8E5m2, 0x1.cp-15F, 0), 0x1p-14F) << "a carry into the smallest normal number";
    // What lies deep below is kept as the lowest bit, 2^-28 of a subnormal unit here (30 places below the smallest
    // normal number, 2 places above them the unit).
    EXPECT_EQ(convert(kFp8E5m2, 0x1p-149F, 15), 0x1p-16F);
    EXPECT_EQ(convert(kFp8E5m2, 0x1p-149F, 16), 0.0F);
    // Above the largest number: 448 + 8 of a unit of 32, infinity and saturation.
    Format saturating = kFp8E4m3;
    saturating.overflow = Overflow::saturate;
    EXPECT_TRUE(std::isnan(convert(kFp8E4m3, 456, 0x3fffffff)));
    EXPECT_EQ(convert(kFp8E4m3, 456, 0x40000000), 448.0F);
    EXPECT_TRUE(std::isnan(convert(kFp8E4m3, 480, ~0u)));
    EXPECT_EQ(convert(saturating, -456, 0), -448.0F);
    EXPECT_EQ(convert(saturating, -1e9F, ~0u), -448.0F);
    EXPECT_EQ(convert(kFp16, 65512, 0x3fffffff), INFINITY);
    EXPECT_EQ(convert(kFp16, 65512, 0x40000000), 65504.0F);
    EXPECT_EQ(convert(kFp16, -65536, ~0u), -INFINITY);

    // 1 + 2^-12 in fp16, whose last place is 2^-10.
    EXPECT_EQ(add(kFp16, 1, 0x1p-12F, 0x3fffffff), 0x1.004p0F);
    EXPECT_EQ(add(kFp16, 1, 0x1p-12F, 0x40000000), 1.0F);
    EXPECT_EQ(add(kFp16, 1, -0x1p-12F, 0x7fffffff), 1.0F) << "half of the place below 1 is cut off";
    EXPECT_EQ(add(kFp16, 1, -0x1p-12F, 0x80000000), 0x1.ffcp-1F);
    EXPECT_EQ(add(kFp16, 1, -1, 0), 0.0F);
    EXPECT_FALSE(std::signbit(add(kFp16, -1, 1, 0)));
    // The smaller operand is kept down to 29 places below the larger one's exponent.
    EXPECT_EQ(add(kFp32, 1, 0x1p-100F, (1u << 26) - 1), 0x1.000002p0F);
    EXPECT_EQ(add(kFp32, 1, 0x1p-100F, 1u << 26), 1.0F);
    EXPECT_EQ(add(kBf16, 1, 0x1p-100F, (1u << 10) - 1), 0x1.02p0F);
    EXPECT_EQ(add(kBf16, 1, 0x1p-100F, 1u << 10), 1.0F);

    // 1.25^2 = 1.5625 in fp8_e5m2: a quarter of the last place.
    EXPECT_EQ(mul(kFp8E5m2, 1.25F, 1.25F, 0x3fffffff), 1.75F);
    EXPECT_EQ(mul(kFp8E5m2, 1.25F, 1.25F, 0x40000000), 1.5F);
    EXPECT_EQ(mul(kFp8E5m2, 0, -1.25F, 0), 0.0F);
    EXPECT_EQ(mul(kFp32, 0x1p-75F, 0x1.8p-75F, 0xbfffffff), 0x1p-149F);
    EXPECT_EQ(mul(kFp32, 0x1p-75F, 0x1.8p-75F, 0xc0000000), 0.0F);
}

/// Words for an exact value: at the border between up and down, beside it, at both ends, anywhere.
u32 word_for(std::mt19937_64& random, const Format& f, const oracle::Dyadic& value) {
    const u64 rest = value.magnitude == 0 ? 0 : oracle::cut_off(f, value).rest;
    switch (random() % 8) {
        case 0:
        case 1:
            return static_cast<u32>(rest);
        case 2:
        case 3:
            return static_cast<u32>(rest - 1);
        case 4:
            return static_cast<u32>(rest + 1);
        case 5:
            return random() % 2 != 0 ? 0 : ~0u;
        default:
            return static_cast<u32>(random());
    }
}

bool finite_nonzero(u32 x) {
    return !oracle::is_nan(x) && !oracle::is_inf(x) && !oracle::is_zero(x);
}

struct Words {
    std::vector<u32> sums, products;
};
Words words_for(std::mt19937_64& random, const Format& f, const std::vector<Pair>& pairs) {
    Words words;
    for (const auto& [a, b] : pairs) {
        oracle::Dyadic sum{false, 0, 0};
        oracle::Dyadic product{false, 0, 0};
        if (finite_nonzero(a) && finite_nonzero(b)) {
            const oracle::Dyadic x = oracle::dyadic(a);
            const oracle::Dyadic y = oracle::dyadic(b);
            sum = oracle::kept_sum(x, y);
            product = {false, x.magnitude * y.magnitude, x.exponent + y.exponent};
        }
        words.sums.push_back(word_for(random, f, sum));
        words.products.push_back(word_for(random, f, product));
    }
    return words;
}

/// All edge pairs, eight words each.
std::vector<Pair> edge_pairs(const Format& f) {
    std::vector<Pair> pairs;
    for (const Pair& pair : all_pairs(edge_values(f))) {
        pairs.insert(pairs.end(), samples(8), pair);
    }
    return pairs;
}

void expect_sums_and_products_as_oracle(const Format& f, const std::vector<Pair>& pairs) {
    auto random = test_random();
    const Words words = words_for(random, f, pairs);
    std::vector<u32> sums(pairs.size());
    std::vector<u32> products(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        sums[i] = oracle::random_add(f, pairs[i].first, pairs[i].second, words.sums[i]);
        products[i] = oracle::random_mul(f, pairs[i].first, pairs[i].second, words.products[i]);
    }
    for (const unsigned width : kWidths) {
        ASSERT_TRUE(same(pairs, library_add(adder(f), pairs, width, words.sums), sums))
            << name(f) << " width " << width;
        ASSERT_TRUE(same(pairs, library_mul(multiplier(f), pairs, width, words.products), products))
            << name(f) << " width " << width;
    }
}

TEST(Stochastic, SumsAndProductsEqualTheOracle) {
    auto random = test_random();
    for (const Format& format : kFormats) {
        for (const Format& f : with_options(format)) {
            expect_sums_and_products_as_oracle(f, edge_pairs(f));
            expect_sums_and_products_as_oracle(f, test_pairs(random, f, samples(f == format ? 200000 : 20000)));
        }
    }
}

TEST(Stochastic, SumsAndProductsOfFurtherFormatsEqualTheOracle) {
    auto random = test_random();
    for (const Format& format : kFurtherFormats) {
        for (const Format& f : with_options(format)) {
            expect_sums_and_products_as_oracle(f, test_pairs(random, f, samples(10000)));
        }
    }
}

TEST(Stochastic, ConversionsEqualTheOracle) {
    auto random = test_random();
    for (const std::vector<Format>* formats : {&kFormats, &kFurtherFormats}) {
        for (const Format& format : *formats) {
            for (const Format& f : with_options(format)) {
                std::vector<u32> values;
                for (const u32 x : edge_values(kFp32)) {
                    values.insert(values.end(), 8, x);
                }
                for (const u32 x : edge_values(f)) {
                    for (const u32 step : {0u, 1u, ~0u}) {
                        values.insert(values.end(), 8, x + step);
                    }
                }
                for (std::size_t i = 0; i < samples(60000); ++i) {
                    values.push_back(static_cast<u32>(random()));
                    // Near the format's numbers: the low bits of a number are anything.
                    const u32 number = random_between(random, f, 0, last_code(f));
                    values.push_back(number ^ static_cast<u32>(random() % (u64{2} << (23 - f.fraction_bits))));
                }
                std::vector<u32> words;
                std::vector<u32> want;
                for (const u32 x : values) {
                    const bool rounded = finite_nonzero(x);
                    words.push_back(word_for(random, f, rounded ? oracle::dyadic(x) : oracle::Dyadic{false, 0, 0}));
                    want.push_back(oracle::random_convert(f, x, words.back()));
                }
                for (const unsigned width : kWidths) {
                    ASSERT_TRUE(same(values, library_convert(f, Rounding::sr, values, width, words), want))
                        << name(f) << " width " << width;
                }
            }
        }
    }
}

/// Where the result is a number of the format, no word changes it.
TEST(Stochastic, ExactValuesNeverChange) {
    auto random = test_random();
    for (const Format& format : kFormats) {
        for (const Format& f : with_options(format)) {
            const std::vector<Pair> pairs = test_pairs(random, f, samples(20000));
            std::vector<u32> own;
            std::vector<u32> words;
            std::vector<Pair> exact_sums;
            std::vector<Pair> exact_products;
            for (const Pair& pair : pairs) {
                const auto [a, b] = pair;
                own.push_back(a);
                words.push_back(random() % 4 != 0 ? 0 : static_cast<u32>(random()));
                if (oracle::exact_add(f, Rounding::rz, a, b) == oracle::exact_add(f, Rounding::odd, a, b) &&
                    oracle::exact_add(f, Rounding::ru, a, b) == oracle::exact_add(f, Rounding::rd, a, b)) {
                    exact_sums.push_back(pair);
                }
                if (oracle::exact_mul(f, Rounding::ru, a, b) == oracle::exact_mul(f, Rounding::rd, a, b)) {
                    exact_products.push_back(pair);
                }
            }
            const auto results = [&](const std::vector<Pair>& of, bool multiply) {
                std::vector<u32> all;
                for (const auto& [a, b] : of) {
                    all.push_back(multiply ? oracle::exact_mul(f, Rounding::rne, a, b)
                                           : oracle::exact_add(f, Rounding::rne, a, b));
                }
                return all;
            };
            EXPECT_GT(exact_sums.size(), pairs.size() / 50);
            EXPECT_GT(exact_products.size(), pairs.size() / 50);
            ASSERT_TRUE(
                same(own, library_convert(f, Rounding::sr, own, 8, words), library_convert(f, Rounding::rne, own)))
                << name(f);
            ASSERT_TRUE(same(exact_sums, library_add(adder(f), exact_sums, 8, words), results(exact_sums, false)))
                << name(f);
            ASSERT_TRUE(same(exact_products, library_mul(multiplier(f), exact_products, 8, words),
                             results(exact_products, true)))
                << name(f);
        }
    }
}

/// Words at which stochastic rounding is another mode, whatever is cut off: 0 goes up if anything is, the largest word
/// never, the largest below one half from one half on. What the pipeline keeps has the sticky bit, so this holds for
/// the exact value too. Beyond the largest number all modes but these must go to infinity, so saturating formats are
/// compared.
struct AsMode {
    u32 word;
    Rounding positive, negative;
};
constexpr AsMode kAsModes[] = {
    {0, Rounding::ru, Rounding::rd}, {~0u, Rounding::rz, Rounding::rz}, {0x7fffffff, Rounding::rna, Rounding::rna}};

TEST(Stochastic, AtCertainWordsAnotherModeOfMpfr) {
    auto random = test_random();
    for (const std::vector<Format>* formats : {&kFormats, &kFurtherFormats}) {
        for (Format f : *formats) {
            f.overflow = Overflow::saturate;
            oracle::MpfrRounder mpfr(f);
            const std::vector<Pair> pairs = test_pairs(random, f, samples(20000));
            for (const AsMode& as : kAsModes) {
                std::vector<u32> sums;
                std::vector<u32> products;
                for (const auto& [a, b] : pairs) {
                    const bool negative = oracle::is_negative(mpfr.add(Rounding::rz, a, b));
                    sums.push_back(mpfr.add(negative ? as.negative : as.positive, a, b));
                    const bool opposite = oracle::is_negative(a) != oracle::is_negative(b);
                    products.push_back(mpfr.mul(opposite ? as.negative : as.positive, a, b));
                }
                const std::vector<u32> words(pairs.size(), as.word);
                ASSERT_TRUE(same(pairs, library_add(adder(f), pairs, 8, words), sums)) << name(f) << " " << as.word;
                ASSERT_TRUE(same(pairs, library_mul(multiplier(f), pairs, 8, words), products))
                    << name(f) << " " << as.word;
            }
        }
    }
}

TEST(Stochastic, AtCertainWordsAnotherModeOfApproximateUnits) {
    auto random = test_random();
    std::size_t compared = 0;
    for (Format f : {kFp32, kBf16, kFp16, kFp8E4m3}) {
        f.overflow = Overflow::saturate;
        const std::vector<Pair> pairs = test_pairs(random, f, samples(3000));
        const auto compare = [&](const char* unit, bool multiply, const auto& library, const auto& want) {
            for (const AsMode& as : kAsModes) {
                std::vector<u32> results;
                for (const auto& [a, b] : pairs) {
                    const bool negative = oracle::is_negative(want(Rounding::rz, a, b));
                    results.push_back(want(negative ? as.negative : as.positive, a, b));
                }
                compared += pairs.size();
                const std::vector<u32> words(pairs.size(), as.word);
                EXPECT_TRUE(same(pairs, library(words), results))
                    << unit << (multiply ? " product " : " sum ") << name(f) << " word " << as.word;
            }
        };
        for (const AdderId id : every_adder()) {
            if (id == AdderId::exact) {
                continue;
            }
            const Parameters p = settings(id, f.fraction_bits + 3, 1).front();
            for (const u32 guard : {0u, 1u, 3u}) {
                if (!settings(id, f.fraction_bits + 3 + guard, 1).empty()) {
                    AdderSpec s = adder(f);
                    s.unit = id;
                    s.parameters = p;
                    s.guard = guard;
                    s.round_sum = true;
                    compare(
                        name_of(id), false, [&](const auto& words) { return library_add(s, pairs, 8, words); },
                        [&](Rounding r, u32 a, u32 b) {
                            return oracle::approximate_add(f, oracle::adder(name_of(id)), p,
                                                           {false, false, guard, true, r}, a, b);
                        });
                }
            }
        }
        for (const MultiplierId id : every_multiplier()) {
            if (id == MultiplierId::exact) {
                continue;
            }
            const Parameters p = settings(id, f.fraction_bits + 1, 1).front();
            MultiplierSpec s = multiplier(f);
            s.unit = id;
            s.parameters = p;
            s.round_product = true;
            compare(
                name_of(id), true, [&](const auto& words) { return library_mul(s, pairs, 8, words); },
                [&](Rounding r, u32 a, u32 b) {
                    return oracle::approximate_mul(f, oracle::multiplier(name_of(id)), p, true, r, a, b);
                });
        }
    }
    RecordProperty("compared", std::to_string(compared));
}

}  // namespace
}  // namespace axfire::testing
