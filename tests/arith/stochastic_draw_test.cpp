// SPDX-License-Identifier: Apache-2.0
// Stochastic rounding with the generator's words: the mean, long sums, and the words that operations get.
#include <gtest/gtest.h>

#include "arith/draw.h"
#include "tests/arith/library.h"
#include "tests/oracle/number.h"
#include "tests/oracle/stochastic.h"
#include "tests/support/compare.h"
#include "tests/support/formats.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

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

/// Many words: the mean is the exact value, within five standard errors.
TEST(StochasticDraw, TheMeanIsTheExactValue) {
    constexpr std::size_t kCount = 200000;
    std::vector<u32> words(kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
        words[i] = philox_word(20240613, 5, i);
    }
    const auto expect_mean = [&](const std::vector<u32>& results, double exact, double place, const std::string& what) {
        double sum = 0;
        for (const u32 r : results) {
            const double error = oracle::to_float(r) - exact;
            ASSERT_LT(std::fabs(error), place) << what;
            sum += error;
        }
        const double cut = std::fabs(exact) / place - std::floor(std::fabs(exact) / place);
        const double deviation = place * std::sqrt(cut * (1 - cut));
        EXPECT_LE(std::fabs(sum / kCount), 5 * deviation / std::sqrt(double{kCount})) << what;
    };
    struct Case {
        Format format;
        float a, b;
        double place;  ///< last place of the sum, or of the product
    };
    for (const float x : {0x1.00147ap0F, -0x1.01fp0F, 0x1.fe001p-3F}) {
        const double place = std::ldexp(1.0, std::ilogb(x) - 7);
        expect_mean(library_convert(kBf16, Rounding::sr, std::vector<u32>(kCount, oracle::to_bits(x)), 8, words),
                    static_cast<double>(x), place, "conversion");
    }
    for (const Case& c : {Case{kBf16, 1.0F, 0x1.2p-10F, 0x1p-7}, Case{kFp16, -3.0F, 0x1.554p-11F, 0x1p-9},
                          Case{kFp32, 1.0F, 0x1.9p-25F, 0x1p-23}, Case{kFp8E4m3, 16, 0.3125F, 2},
                          Case{kFp8E5m2, 1, -0x1.4p-6F, 0x1p-3}}) {
        const Pair pair{oracle::to_bits(c.a), oracle::to_bits(c.b)};
        expect_mean(library_add(adder(c.format), std::vector<Pair>(kCount, pair), 8, words),
                    static_cast<double>(c.a) + static_cast<double>(c.b), c.place, "sum in " + name(c.format));
    }
    for (const Case& c : {Case{kBf16, 0x1.12p0F, 0x1.36p0F, 0x1p-7}, Case{kFp16, -0x1.004p0F, 0x1.008p0F, 0x1p-10},
                          Case{kFp32, 0x1.000002p0F, 0x1.3p0F, 0x1p-23}, Case{kFp8E4m3, 1.125F, 0.40625F, 0x1p-5},
                          Case{kFp8E5m2, 0x1.4p-10F, 0x1.4p-6F, 0x1p-16}}) {
        const Pair pair{oracle::to_bits(c.a), oracle::to_bits(c.b)};
        expect_mean(library_mul(multiplier(c.format), std::vector<Pair>(kCount, pair), 8, words),
                    static_cast<double>(c.a) * static_cast<double>(c.b), c.place, "product in " + name(c.format));
    }
}

/// A sum of many small terms comes out, which rounding to nearest loses.
TEST(StochasticDraw, SmallTermsArrive) {
    constexpr std::size_t kTerms = 4096;
    double nearest = 0;
    double mean = 0;
    const std::size_t repetitions = samples(64);
    for (std::size_t k = 0; k < repetitions; ++k) {
        u32 random_sum = oracle::to_bits(1);
        u32 plain_sum = oracle::to_bits(1);
        for (std::size_t i = 0; i < kTerms; ++i) {
            const Pair term{random_sum, oracle::to_bits(0x1p-12F)};
            random_sum = library_add(adder(kBf16), {term}, 1, {philox_word(1, k, i)})[0];
            plain_sum = library_add({AdderId::exact, {}, kBf16}, {{plain_sum, term.second}})[0];
        }
        nearest = oracle::to_float(plain_sum);
        mean += oracle::to_float(random_sum) / static_cast<double>(repetitions);
    }
    EXPECT_EQ(nearest, 1.0);
    // 4096 roundings of a step of 2^-7, up with probability 1/32: a deviation of about 0.087 for one sum.
    EXPECT_NEAR(mean, 2.0, 5 * 0.087 / std::sqrt(static_cast<double>(repetitions)));
}

template <class U>
void expect_words_of_lanes(std::mt19937_64& random) {
    constexpr unsigned kWidth = LaneTraits<U>::kWidth;
    for (std::size_t i = 0; i < samples(2000); ++i) {
        const bool extreme = i % 4 == 0;
        const auto below = [&](u32 end) {
            return extreme && random() % 2 != 0 ? end - 1 : static_cast<u32>(random() % end);
        };
        const RandomSite site{random(), static_cast<u32>(random()), below(1u << 24), below(1u << 15)};
        const u32 operand = random() % 5 == 0 ? 0xffffffu : below((1u << 24) - 1);
        U outputs{};
        std::vector<u32> output(kWidth);
        for (unsigned lane = 0; lane < kWidth; ++lane) {
            output[lane] = static_cast<u32>(random());
            if constexpr (kWidth == 1) {
                outputs = output[lane];
            } else {
                outputs[lane] = output[lane];
            }
        }
        for (unsigned role = 0; role < 4; ++role) {
            const U words = Draw<U>{site, outputs, operand, static_cast<Role>(role)}.word();
            const oracle::Where where{site.seed, site.sample, site.step, site.node};
            for (unsigned lane = 0; lane < kWidth; ++lane) {
                u32 got = 0;
                if constexpr (kWidth == 1) {
                    got = words;
                } else {
                    got = words[lane];
                }
                ASSERT_EQ(got, where.word(output[lane], operand, static_cast<oracle::Word>(role)));
            }
        }
    }
}

TEST(StochasticDraw, WordsOfOperationsAreThoseOfTheirCounters) {
    // {output, operand | node, sample, step | node | top bit}, written out.
    const RandomSite site{0x1122334455667788, 0x99aabbcc, 0xabcdef, 0x1234};
    const PhiloxBlock block = philox<u32>({{0x01020304, 0x34fedcba, 0x99aabbcc, 0x92abcdef}}, u64{0x1122334455667788});
    EXPECT_EQ((Draw<u32>{site, 0x01020304, 0xfedcba, Role::product}.word()), block.word[0]);
    EXPECT_EQ((Draw<u32>{site, 0x01020304, 0xfedcba, Role::term}.word()), block.word[1]);
    EXPECT_EQ((Draw<u32>{site, 0x01020304, 0xfedcba, Role::sum}.word()), block.word[2]);
    EXPECT_EQ((Draw<u32>{site, 0x01020304, 0xfedcba, Role::join}.word()), block.word[3]);
    auto random = test_random();
    expect_words_of_lanes<u32>(random);
    expect_words_of_lanes<U32x4>(random);
    expect_words_of_lanes<U32x8>(random);
    expect_words_of_lanes<U32x16>(random);
}

}  // namespace
}  // namespace axfire::testing
