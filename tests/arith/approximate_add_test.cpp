// SPDX-License-Identifier: Apache-2.0
// The FP adder pipeline around approximate circuits: results calculated by hand, and the oracle over edge and random
// pairs, on every lane type.
#include <gtest/gtest.h>

#include <set>

#include "tests/arith/library.h"
#include "tests/oracle/fp_add.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

constexpr AdderId kApproximate[] = {AdderId::loa, AdderId::ama5, AdderId::eta1, AdderId::trunc0};

std::string text(const AdderSpec& s) {
    std::string t = name_of(s.unit);
    t += "(k=" + std::to_string(s.parameters.value[0]) + ")@" + name(s.format);
    t += s.exact_subtraction ? " subtract=exact" : "";
    t += s.zero_bypass ? " zero_bypass" : "";
    return t;
}

std::vector<u32> oracle_add(const AdderSpec& s, const std::vector<Pair>& pairs) {
    const auto& unit = oracle::adder(name_of(s.unit));
    std::vector<u32> sums;
    sums.reserve(pairs.size());
    for (const auto& [acc, x] : pairs) {
        sums.push_back(
            oracle::approximate_add(s.format, unit, s.parameters, {s.exact_subtraction, s.zero_bypass}, acc, x));
    }
    return sums;
}

/// k of 0, 1, 4, 8, 16, 19, p and the whole circuit, M + 3, as far as the circuit has them.
std::set<u32> approximate_bits(const Format& f) {
    std::set<u32> all;
    for (const u32 k : {0u, 1u, 4u, 8u, 16u, 19u, f.fraction_bits + 1, f.fraction_bits + 2, f.fraction_bits + 3}) {
        if (k <= f.fraction_bits + 3) {
            all.insert(k);
        }
    }
    return all;
}

void expect_as_oracle(const AdderSpec& spec, const std::vector<Pair>& pairs) {
    const auto want = oracle_add(spec, pairs);
    for (const unsigned width : kWidths) {
        ASSERT_TRUE(same(pairs, library_add(spec, pairs, width), want)) << text(spec) << " width " << width;
    }
}

void expect_format_as_oracle(const Format& format, std::size_t count) {
    auto random = test_random();
    for (const Format& f : with_options(format)) {
        const bool usual = f == format;  // all options for the default one, a tenth for the others
        for (const AdderId unit : kApproximate) {
            for (const u32 k : approximate_bits(f)) {
                expect_as_oracle({unit, {{k}}, f}, test_pairs(random, f, samples(usual ? count : count / 10)));
            }
        }
    }
}

TEST(ApproximateAdd, Fp32EqualsTheOracle) {
    expect_format_as_oracle(kFp32, 40000);
}
TEST(ApproximateAdd, Bf16EqualsTheOracle) {
    expect_format_as_oracle(kBf16, 20000);
}
TEST(ApproximateAdd, Fp16EqualsTheOracle) {
    expect_format_as_oracle(kFp16, 20000);
}
TEST(ApproximateAdd, E5m6EqualsTheOracle) {
    expect_format_as_oracle({5, 6}, 20000);
}
TEST(ApproximateAdd, E2m1EqualsTheOracle) {
    expect_format_as_oracle({2, 1}, 2000);
}
TEST(ApproximateAdd, E8m22EqualsTheOracle) {
    expect_format_as_oracle({8, 22}, 5000);
}

TEST(ApproximateAdd, EveryPairOfThe8BitFormatsEqualsTheOracle) {
    for (const Format& f : {kFp8E4m3, kFp8E5m2, Format{4, 3}, Format{3, 4}}) {
        std::vector<u32> values;
        for (u32 code = 0; code < 256; code += samples(20) < 20 ? 5 : 1) {
            values.push_back(oracle::number_of_code(f, code));
        }
        const auto pairs = all_pairs(values);
        for (const AdderId unit : kApproximate) {
            for (const u32 k : {0u, 1u, 2u, f.fraction_bits + 1, f.fraction_bits + 3}) {
                const AdderSpec spec{unit, {{k}}, f};
                ASSERT_TRUE(same(pairs, library_add(spec, pairs), oracle_add(spec, pairs))) << text(spec);
            }
        }
    }
}

TEST(ApproximateAdd, OptionsEqualTheOracle) {
    auto random = test_random();
    for (const Format& f : {kFp32, kBf16, kFp8E4m3}) {
        for (const AdderId unit : kApproximate) {
            for (const u32 k : {4u, f.fraction_bits + 1}) {
                auto pairs = test_pairs(random, f, samples(8000));
                expect_as_oracle({unit, {{k}}, f, Rounding::rne, true, false}, pairs);
                // Two zeros are left out: which of them is "the other" is open.
                std::erase_if(pairs,
                              [](const Pair& p) { return oracle::is_zero(p.first) && oracle::is_zero(p.second); });
                expect_as_oracle({unit, {{k}}, f, Rounding::rne, false, true}, pairs);
                expect_as_oracle({unit, {{k}}, f, Rounding::rne, true, true}, pairs);
            }
        }
    }
}

TEST(ApproximateAdd, RoundingModeOfTheSpecDoesNotTouchATruncatingPipeline) {
    auto random = test_random();
    const auto pairs = test_pairs(random, kFp32, samples(5000));
    const auto want = library_add({AdderId::loa, {{8}}, kFp32}, pairs);
    for (const Rounding r : kModes) {
        EXPECT_TRUE(same(pairs, library_add({AdderId::loa, {{8}}, kFp32, r}, pairs), want)) << name(r);
    }
}

u32 add(const AdderSpec& spec, u32 acc, u32 x) {
    return library_add(spec, {{acc, x}})[0];
}

/// x + (-x) need not be 0. 1 + 2^-23: the low four bits of its significand are 0001, of the negated one 1111; their OR
/// is 1111 and bit 3 carries nothing, so the sum is -16 + 15 = -1 unit in the last place.
TEST(ApproximateAdd, ANumberAndItsNegative) {
    const u32 x = 0x3f800001;
    const AdderSpec loa{AdderId::loa, {{4}}, kFp32};
    EXPECT_EQ(add(loa, x, x | oracle::kSignBit), 0xb4000000u) << "-2^-23";
    EXPECT_EQ(add(loa, x | oracle::kSignBit, x), 0xb4000000u);
    EXPECT_EQ(add(loa, 0x3f800000, 0xbf800000), 0u) << "nothing in the low bits: +0";
    AdderSpec exact_subtraction = loa;
    exact_subtraction.exact_subtraction = true;
    EXPECT_EQ(add(exact_subtraction, x, x | oracle::kSignBit), 0u);
}

/// AMA5 takes its low bits from the second operand, and a zero with its exponent field of 0 outranks a deep subnormal.
TEST(ApproximateAdd, AZeroOutranksADeepSubnormal) {
    const AdderSpec ama5{AdderId::ama5, {{4}}, kFp32};
    // 0x00400005 is 2^-127 (1 + 5/2^22): its exponent ties with the zero's, and the accumulator comes first. As first
    // operand 0x80000a becomes 0x800010 (bit 3 carries, the low bits are the zero's); as second it stays.
    EXPECT_EQ(add(ama5, 0x00400005, 0), 0x00400008u);
    EXPECT_EQ(add(ama5, 0, 0x00400005), 0x00400005u);
    // Half of that and less lies below the zero's exponent: the zero is the first operand in either order.
    for (const u32 deep : {0x00000001u, 0x00000005u, 0x0000000fu, 0x002fffffu, 0x003fffffu}) {
        EXPECT_EQ(add(ama5, deep, 0), deep);
        EXPECT_EQ(add(ama5, 0, deep), deep);
        EXPECT_EQ(add(ama5, deep | oracle::kSignBit, 0x80000000), deep | oracle::kSignBit);
    }
    // A normal number outranks the zero, and loses its low bits: 0x80000f gives (0x80000 + 1) << 4.
    EXPECT_EQ(add(ama5, 0x3f80000f, 0), 0x3f800010u);
    EXPECT_EQ(add(ama5, 0, 0x3f80000f), 0x3f800010u);
    AdderSpec bypass = ama5;
    bypass.zero_bypass = true;
    EXPECT_EQ(add(bypass, 0x3f80000f, 0), 0x3f80000fu);
    EXPECT_EQ(add(bypass, 0x80000000, 0x3f80000f), 0x3f80000fu);
}

TEST(ApproximateAdd, SpecialOperands) {
    const u32 inf = oracle::kInfinity;
    const u32 nan = oracle::kCanonicalNan;
    for (const AdderId unit : kApproximate) {
        const AdderSpec spec{unit, {{8}}, kFp32};
        EXPECT_EQ(add(spec, inf, 0x3f800000), inf);
        EXPECT_EQ(add(spec, 0x3f800000, inf | oracle::kSignBit), inf | oracle::kSignBit);
        EXPECT_EQ(add(spec, inf, inf), inf);
        EXPECT_EQ(add(spec, inf, inf | oracle::kSignBit), nan);
        EXPECT_EQ(add(spec, 0xff800001, 0), nan);
        EXPECT_EQ(add(spec, 0, 0), 0u);
        EXPECT_EQ(add(spec, 0x80000000, 0), 0u);
        EXPECT_EQ(add(spec, 0x80000000, 0x80000000), 0x80000000u);
        EXPECT_EQ(add(spec, 0x7f7fffff, 0x7f7fffff), inf) << name_of(unit);
    }
    Format saturating = kFp32;
    saturating.overflow = Overflow::saturate;
    EXPECT_EQ(add({AdderId::loa, {{8}}, saturating}, 0x7f7fffff, 0x7f7fffff), 0x7f7fffffu);
    EXPECT_EQ(add({AdderId::loa, {{1}}, kFp8E4m3}, 0x43e00000, 0x43e00000), nan) << "448 + 448";
}

/// Even k = 0 is no IEEE addition: there are no guard bits, and an operand M or more places below is lost.
TEST(ApproximateAdd, ZeroApproximateBitsTruncate) {
    const AdderSpec spec{AdderId::loa, {{0}}, kFp32};
    EXPECT_EQ(add(spec, 0x3f800000, 0x34800000), 0x3f800002u) << "1 + 2^-22";
    EXPECT_EQ(add(spec, 0x3f800000, 0x34000000), 0x3f800000u) << "1 + 2^-23: 23 places, dropped whole";
    EXPECT_EQ(add(spec, 0x3f800000, 0xb4000000), 0x3f800000u) << "1 - 2^-23, too";
    EXPECT_EQ(add(spec, 0x3f800000, 0xb4a00000), 0x3f7ffffau) << "1 - 1.25 2^-22: -2.5 is shifted to -3";
}

}  // namespace
}  // namespace axfire::testing
