// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10 against the known answers that Random123 publishes (kat_vectors), and the uniform numbers' range.
#include "arith/philox.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

std::array<u32, 4> words(const PhiloxBlock& block) {
    return {block.word[0], block.word[1], block.word[2], block.word[3]};
}

TEST(Philox, KnownAnswers) {
    using Words = std::array<u32, 4>;
    EXPECT_EQ(words(philox<u32>({{0, 0, 0, 0}}, 0)), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(words(philox<u32>({{~0u, ~0u, ~0u, ~0u}}, ~u64{0})),
              (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    // The digits of pi; the key's first word is its low half.
    EXPECT_EQ(words(philox<u32>({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822)),
              (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

/// The counter is {n / 4 (64 bits), subsequence (64 bits)}, the key is the seed, and word n % 4 is taken.
TEST(Philox, LayoutOfCounterAndKey) {
    auto random = test_random();
    for (std::size_t i = 0; i < 1000; ++i) {
        const u64 seed = random();
        const u64 subsequence = random();
        const u64 n = random();
        const PhiloxBlock counter = {{static_cast<u32>(n >> 2), static_cast<u32>(n >> 34),
                                      static_cast<u32>(subsequence), static_cast<u32>(subsequence >> 32)}};
        ASSERT_EQ(philox_word(seed, subsequence, n), philox(counter, seed).word[n % 4]);
    }
}

TEST(Philox, UniformIsAboveZeroAndAtMostOne) {
    EXPECT_EQ(philox_uniform(0), 0x1p-33f);
    EXPECT_EQ(philox_uniform(1), 0x1.8p-32f);
    EXPECT_EQ(philox_uniform(0x80000000), 0x1p-1f) << "0.5 + 2^-33 is no binary32 number";
    EXPECT_EQ(philox_uniform(0xffffffff), 1.0f);
    EXPECT_EQ(philox_uniform(0xffffff7f), 0x1.fffffep-1f) << "the word is rounded to 24 bits first";
    EXPECT_EQ(philox_uniform(0xffffff80), 1.0f) << "a tie, to even";
    double sum = 0;
    const u32 count = 100000;
    for (u32 n = 0; n < count; ++n) {
        const float u = philox_uniform(philox_word(7, 0, n));
        ASSERT_GT(u, 0.0f);
        ASSERT_LE(u, 1.0f);
        sum += static_cast<double>(u);
    }
    EXPECT_NEAR(sum / count, 0.5, 5 * 0.2887 / std::sqrt(double{count}));  // five standard errors
}

}  // namespace
}  // namespace axfire::testing
