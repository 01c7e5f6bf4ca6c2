// SPDX-License-Identifier: Apache-2.0
// exact@<format> in every mode against MPFR: every pair of the 8-bit formats, samples of the others.
#include <gtest/gtest.h>

#include "arith/fp_add.h"
#include "arith/fp_mul.h"
#include "tests/arith/library.h"
#include "tests/oracle/mpfr_format.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

void expect_as_mpfr(const Format& f, const std::vector<Pair>& pairs) {
    oracle::MpfrRounder mpfr(f);
    std::vector<u32> sums(pairs.size());
    std::vector<u32> products(pairs.size());
    for (const Rounding r : kModes) {
        AdderSpec adder;
        adder.format = f;
        adder.rounding = r;
        MultiplierSpec multiplier;
        multiplier.format = f;
        multiplier.rounding = r;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            sums[i] = mpfr.add(r, pairs[i].first, pairs[i].second);
            products[i] = mpfr.mul(r, pairs[i].first, pairs[i].second);
        }
        ASSERT_TRUE(same(pairs, library_add(adder, pairs), sums)) << "sum in " << name(f) << "/" << name(r);
        ASSERT_TRUE(same(pairs, library_mul(multiplier, pairs), products))
            << "product in " << name(f) << "/" << name(r);
        if (has_nearest_sum(adder)) {
            ASSERT_TRUE(same(pairs, library_short_add(adder, pairs), sums)) << "short form of the sum in " << name(f);
            ASSERT_TRUE(same(pairs, library_short_add(adder, pairs, 16), sums)) << "short form in lanes in " << name(f);
        }
        if (has_nearest_product(multiplier)) {
            ASSERT_TRUE(same(pairs, library_short_mul(multiplier, pairs), products))
                << "short form of the product in " << name(f);
        }
    }
}

/// Every number of the format; the NaN once.
std::vector<u32> every_number(const Format& f) {
    std::vector<u32> values = {oracle::kCanonicalNan};
    for (u32 code = 0; code <= last_code(f); ++code) {
        if (code == 0 || number(f, code) != 0) {
            values.push_back(number(f, code));
            values.push_back(number(f, code) | oracle::kSignBit);
        }
    }
    return values;
}

void expect_every_pair(Format f) {
    std::vector<Pair> pairs = all_pairs(every_number(f));
    if (samples(20) < 20) {  // under a sanitizer: every 17th
        std::vector<Pair> fewer;
        for (std::size_t i = 0; i < pairs.size(); i += 17) {
            fewer.push_back(pairs[i]);
        }
        pairs = fewer;
    }
    expect_as_mpfr(f, pairs);
}

TEST(ExactFormats, EveryPairOfFp8E4m3) {
    expect_every_pair(kFp8E4m3);
}
TEST(ExactFormats, EveryPairOfFp8E5m2) {
    expect_every_pair(kFp8E5m2);
}
TEST(ExactFormats, EveryPairOfE4m3) {
    expect_every_pair({4, 3});
}
TEST(ExactFormats, EveryPairOfE3m4) {
    expect_every_pair({3, 4});
}

TEST(ExactFormats, EveryPairWithFlushAndSaturate) {
    for (const Format& base : {kFp8E4m3, Format{3, 3}, Format{5, 1}}) {
        for (const Format& f : with_options(base)) {
            expect_every_pair(f);
        }
    }
}

TEST(ExactFormats, SamplesOfOtherFormats) {
    auto random = test_random();
    std::vector<Format> formats = kOddFormats;
    formats.insert(formats.end(), {kFp16, kBf16, kTf32, kDlfloat16, kFp32});
    for (const Format& base : formats) {
        for (const Format& f : with_options(base)) {
            expect_as_mpfr(f, test_pairs(random, f, samples(3000)));
        }
    }
}

TEST(ExactFormats, EveryLaneTypeGivesTheSameBits) {
    auto random = test_random();
    for (const Format& f : {kFp16, kBf16, kTf32, kFp8E4m3, kFp8E5m2, Format{5, 11}, Format{8, 22}, Format{2, 1}}) {
        const auto pairs = test_pairs(random, f, samples(4000));
        std::vector<u32> values;
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            values.push_back(static_cast<u32>(random()));
        }
        for (const Rounding r : kModes) {
            AdderSpec adder;
            adder.format = f;
            adder.rounding = r;
            MultiplierSpec multiplier;
            multiplier.format = f;
            multiplier.rounding = r;
            const auto sums = library_add(adder, pairs);
            const auto products = library_mul(multiplier, pairs);
            const auto converted = library_convert(f, r, values);
            for (const unsigned width : {4u, 8u, 16u}) {
                ASSERT_TRUE(same(pairs, library_add(adder, pairs, width), sums)) << name(f) << "/" << name(r);
                ASSERT_TRUE(same(pairs, library_mul(multiplier, pairs, width), products)) << name(f) << "/" << name(r);
                ASSERT_TRUE(same(values, library_convert(f, r, values, width), converted)) << name(f) << "/" << name(r);
            }
        }
    }
}

}  // namespace
}  // namespace axfire::testing
