// SPDX-License-Identifier: Apache-2.0
// The two exact oracles, MPFR's and the integer one, hold each other.
#include <gtest/gtest.h>

#include "tests/oracle/dyadic.h"
#include "tests/oracle/fp_add.h"
#include "tests/oracle/mpfr_format.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

std::vector<Format> formats() {
    std::vector<Format> all;
    for (const Format& f : kOddFormats) {
        for (const Format& g : with_options(f)) {
            all.push_back(g);
        }
    }
    for (const Format& f : {kFp32, kBf16, kFp16, kFp8E4m3, kFp8E5m2}) {
        for (const Format& g : with_options(f)) {
            all.push_back(g);
        }
    }
    return all;
}

TEST(Oracle, ConversionsAgree) {
    auto random = test_random();
    for (const Format& f : formats()) {
        oracle::MpfrRounder mpfr(f);
        std::vector<u32> values = edge_values(kFp32);
        for (std::size_t i = 0; i < samples(2000); ++i) {
            values.push_back(static_cast<u32>(random()));
            values.push_back(oracle::number_of_code(f, static_cast<u32>(random())) + static_cast<u32>(random() % 3) -
                             1);
        }
        for (const Rounding r : kModes) {
            for (const u32 x : values) {
                ASSERT_EQ(oracle::exact_convert(f, r, x), mpfr.convert(r, x)) << name(f) << "/" << name(r) << hex(x);
            }
        }
    }
}

TEST(Oracle, SumsAndProductsAgree) {
    auto random = test_random();
    for (const Format& f : formats()) {
        oracle::MpfrRounder mpfr(f);
        const auto pairs = test_pairs(random, f, samples(600));
        for (const Rounding r : kModes) {
            for (const auto& [a, b] : pairs) {
                ASSERT_EQ(oracle::exact_add(f, r, a, b), mpfr.add(r, a, b))
                    << name(f) << "/" << name(r) << " " << hex(a) << " + " << hex(b);
                ASSERT_EQ(oracle::exact_mul(f, r, a, b), mpfr.mul(r, a, b))
                    << name(f) << "/" << name(r) << " " << hex(a) << " * " << hex(b);
            }
        }
    }
}

TEST(Oracle, PipelineOfTheExactCircuitTruncatesAsCalculatedByHand) {
    // The first: (1 + 2^-23) + (1 - 2^-24), of whose second operand the last bit is dropped.
    const auto& exact = oracle::adder("exact");
    const auto add = [&](float a, float b) {
        return oracle::to_float(oracle::approximate_add(kFp32, exact, {}, {}, oracle::to_bits(a), oracle::to_bits(b)));
    };
    EXPECT_EQ(add(0x1.000002p0f, 0x1.fffffep-1f), 0x1p1f);
    EXPECT_EQ(add(1.0f, 0x1p-22f), 0x1.000004p0f);
    EXPECT_EQ(add(1.0f, 0x1p-23f), 1.0f) << "g = M: the aligned operand is 0";
    EXPECT_EQ(add(1.0f, -0x1p-23f), 1.0f) << "0 also for a negative operand";
    EXPECT_EQ(add(1.0f, -0x1.4p-22f), 0x1.fffff4p-1f) << "the right shift is arithmetic: -2.5 gives -3";
    EXPECT_EQ(add(3.0f, -3.0f), 0.0f);
}

}  // namespace
}  // namespace axfire::testing
