// SPDX-License-Identifier: Apache-2.0
// Conversion binary32 -> format against MPFR: every rounding boundary of the small formats, samples of the others.
#include <gtest/gtest.h>

#include <algorithm>

#include "arith/convert.h"
#include "tests/arith/library.h"
#include "tests/oracle/mpfr_format.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

/// Every number of the format and every midpoint between neighbours (the last one where the next power of two would
/// be), one binary32 ulp to each side of each, both signs. Midpoints are binary32 numbers for M <= 22.
std::vector<u32> boundaries(const Format& f) {
    std::vector<u32> points;
    const u32 codes = last_code(f) + 1;
    for (u32 code = 0; code < codes; ++code) {
        const double here = oracle::to_float(oracle::number_of_code(f, code));
        const bool last = oracle::number_of_code(f, code) == oracle::max_finite(f, false);
        const double ulp = std::ldexp(1.0, oracle::max_exponent(f) - static_cast<int>(f.fraction_bits));
        const double next = last ? here + ulp : oracle::to_float(oracle::number_of_code(f, code + 1));
        for (const double point : {here, (here + next) / 2}) {
            const u32 bits = oracle::to_bits(static_cast<float>(point));
            points.insert(points.end(), {bits, bits + 1, bits == 0 ? 1u : bits - 1});
        }
        if (last) {
            points.push_back(oracle::to_bits(static_cast<float>(next)));
            break;
        }
    }
    points.insert(points.end(), {0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff});
    const std::size_t positive = points.size();
    for (std::size_t i = 0; i < positive; ++i) {
        points.push_back(points[i] | oracle::kSignBit);
    }
    return points;
}

void expect_as_mpfr(const Format& f, const std::vector<u32>& points) {
    oracle::MpfrRounder mpfr(f);
    std::vector<u32> want(points.size());
    for (const Rounding r : kModes) {
        std::transform(points.begin(), points.end(), want.begin(), [&](u32 x) { return mpfr.convert(r, x); });
        ASSERT_TRUE(same(points, library_convert(f, r, points), want)) << name(f) << "/" << name(r);
        for (std::size_t i = 0; i < points.size() && rounds_nearest(f, r); ++i) {
            const bool usual = !is_nan(points[i]) || points[i] == kCanonicalNan;  // other payloads do not occur
            const u32 x = usual ? round_nearest(f, points[i]) : want[i];
            ASSERT_EQ(is_nan(x) ? kCanonicalNan : x, want[i])
                << "short form in " << name(f) << " of " << hex(points[i]);
        }
    }
}

void expect_boundaries_as_mpfr(const Format& format) {
    for (const Format& f : with_options(format)) {
        std::vector<u32> points = boundaries(f);
        if (samples(20) < 20) {  // under a sanitizer: every 13th
            std::vector<u32> fewer;
            for (std::size_t i = 0; i < points.size(); i += 13) {
                fewer.push_back(points[i]);
            }
            points = fewer;
        }
        expect_as_mpfr(f, points);
    }
}

TEST(Conversion, EveryBoundaryOfBf16) {
    expect_boundaries_as_mpfr(kBf16);
}
TEST(Conversion, EveryBoundaryOfFp16) {
    expect_boundaries_as_mpfr(kFp16);
}
TEST(Conversion, EveryBoundaryOfFp8E4m3) {
    expect_boundaries_as_mpfr(kFp8E4m3);
}
TEST(Conversion, EveryBoundaryOfFp8E5m2) {
    expect_boundaries_as_mpfr(kFp8E5m2);
}

TEST(Conversion, EveryBoundaryOfFormatsOfUpTo10Bits) {
    for (u32 e = 2; e <= 8; ++e) {
        for (u32 m = 1; e + m + 1 <= 10; ++m) {
            expect_boundaries_as_mpfr({e, m});
        }
    }
}

TEST(Conversion, SamplesOfOtherFormats) {
    auto random = test_random();
    for (const Format& format : kOddFormats) {
        for (const Format& f : with_options(format)) {
            std::vector<u32> points = edge_values(kFp32);
            for (std::size_t i = 0; i < samples(6000); ++i) {
                const u32 number = random_between(random, f, 0, last_code(f));
                points.push_back(static_cast<u32>(random()));
                points.push_back(number + static_cast<u32>(random() % 3) - 1);
                points.push_back(number + (1u << (22 - std::min(f.fraction_bits, 22u))) +  // around a midpoint
                                 static_cast<u32>(random() % 3) - 1);
            }
            expect_as_mpfr(f, points);
        }
    }
}

TEST(Conversion, Fp32KeepsEveryNumber) {
    auto random = test_random();
    std::vector<u32> points = edge_values(kFp32);
    for (std::size_t i = 0; i < samples(100000); ++i) {
        points.push_back(static_cast<u32>(random()));
    }
    std::vector<u32> want(points);
    for (u32& x : want) {
        x = oracle::is_nan(x) ? oracle::kCanonicalNan : x;
    }
    for (const Rounding r : kModes) {
        EXPECT_TRUE(same(points, library_convert(kFp32, r, points), want)) << name(r);
    }
}

/// Figures of the OCP 8-bit specification and of IEEE 754, independent of any oracle.
TEST(Conversion, KnownValues) {
    const auto to = [](const Format& f, float x, Rounding r = Rounding::rne) {
        return oracle::to_float(library_convert(f, r, {oracle::to_bits(x)})[0]);
    };
    Format saturating = kFp8E4m3;
    saturating.overflow = Overflow::saturate;
    EXPECT_EQ(to(kFp8E4m3, 448.0f), 448.0f);
    EXPECT_EQ(to(kFp8E4m3, 464.0f), 448.0f) << "tie to even";
    EXPECT_TRUE(std::isnan(to(kFp8E4m3, 464.01f)));
    EXPECT_TRUE(std::isnan(to(kFp8E4m3, INFINITY)));
    EXPECT_EQ(to(saturating, 1e9f), 448.0f);
    EXPECT_EQ(to(saturating, -INFINITY), -448.0f);
    EXPECT_EQ(to(kFp8E4m3, 0x1p-9f), 0x1p-9f) << "smallest subnormal";
    EXPECT_EQ(to(kFp8E4m3, 0x1p-10f), 0.0f);
    EXPECT_EQ(to(kFp8E4m3, 0x1.000002p-10f), 0x1p-9f);
    EXPECT_EQ(to({4, 3}, 240.0f), 240.0f) << "plain e4m3 is IEEE-like";
    EXPECT_EQ(to({4, 3}, 248.0f), INFINITY);
    EXPECT_EQ(to(kFp8E5m2, 57344.0f), 57344.0f);
    EXPECT_EQ(to(kFp8E5m2, 61440.0f), INFINITY);
    EXPECT_EQ(to(kFp16, 65504.0f), 65504.0f);
    EXPECT_EQ(to(kFp16, 65519.0f), 65504.0f);
    EXPECT_EQ(to(kFp16, 65520.0f), INFINITY);
    EXPECT_EQ(to(kFp16, 1e9f, Rounding::rz), 65504.0f);
    EXPECT_EQ(to(kFp16, 1e9f, Rounding::rd), 65504.0f);
    EXPECT_EQ(to(kFp16, -1e9f, Rounding::rd), -INFINITY);
    EXPECT_EQ(to(kFp16, 0x1p-24f), 0x1p-24f);
    EXPECT_EQ(to(kFp16, 0x1p-149f, Rounding::ru), 0x1p-24f);
    EXPECT_EQ(to(kBf16, 0x1.01p0f), 1.0f);
    EXPECT_EQ(to(kBf16, 0x1.01p0f, Rounding::rna), 0x1.02p0f);
    EXPECT_EQ(to(kBf16, 0x1.000002p0f, Rounding::odd), 0x1.02p0f);
    EXPECT_EQ(to(kDlfloat16, 0x1p-31f), 0x1p-31f) << "dlfloat16 is IEEE-like e6m9 here: a subnormal";
}

}  // namespace
}  // namespace axfire::testing
