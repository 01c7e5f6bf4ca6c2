// SPDX-License-Identifier: Apache-2.0
// The FP adder pipeline around approximate circuits: results calculated by hand, and the oracle over edge and random
// pairs, on every lane type.
#include <gtest/gtest.h>

#include "arith/ordinary_sum.h"
#include "tests/arith/library.h"
#include "tests/oracle/fp_add.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"
#include "tests/support/settings.h"

namespace axfire::testing {
namespace {

std::vector<AdderId> approximate_units() {
    std::vector<AdderId> units = every_adder();
    std::erase(units, AdderId::exact);
    return units;
}

std::string text(const AdderSpec& s) {
    std::string t = setting_name(s.unit, s.parameters) + "@" + name(s.format);
    t += s.exact_subtraction ? " subtract=exact" : "";
    t += s.zero_bypass ? " zero_bypass" : "";
    t += s.guard != 0 ? " guard=" + std::to_string(s.guard) : "";
    t += s.round_sum ? std::string(" round=") + name(s.rounding) : "";
    return t;
}

std::vector<u32> oracle_add(const AdderSpec& s, const std::vector<Pair>& pairs) {
    const auto& unit = oracle::adder(name_of(s.unit));
    std::vector<u32> sums;
    sums.reserve(pairs.size());
    for (const auto& [acc, x] : pairs) {
        sums.push_back(oracle::approximate_add(s.format, unit, s.parameters,
                                               {s.exact_subtraction, s.zero_bypass, s.guard, s.round_sum, s.rounding},
                                               acc, x));
    }
    return sums;
}

void expect_as_oracle(const AdderSpec& spec, const std::vector<Pair>& pairs) {
    const auto want = oracle_add(spec, pairs);
    for (const unsigned width : kWidths) {
        ASSERT_TRUE(same(pairs, library_add(spec, pairs, width), want)) << text(spec) << " width " << width;
        if (has_ordinary_sum(spec)) {
            ASSERT_TRUE(same(pairs, library_short_add(spec, pairs, width), want))
                << "short form of " << text(spec) << " width " << width;
        }
    }
}

void expect_format_as_oracle(const Format& format, std::size_t count) {
    auto random = test_random();
    for (const Format& f : with_options(format)) {
        const bool usual = f == format;  // all options for the default one, a tenth for the others
        for (const AdderId unit : approximate_units()) {
            for (const Parameters& p : settings(unit, f.fraction_bits + 3, usual ? 8 : 3)) {
                expect_as_oracle({unit, p, f}, test_pairs(random, f, samples(usual ? count : count / 10)));
            }
        }
    }
}

/// The short form is of use: it serves ordinary operands, and zeros where the circuit keeps them.
TEST(ApproximateAdd, TheShortFormServesOrdinaryOperands) {
    auto random = test_random();
    std::vector<Pair> pairs = {{0, 0}, {0x3f800000, 0}, {0x80000000, 0xbf800000}};
    std::uniform_real_distribution<float> values(-100, 100);
    for (int i = 0; i < 1000; ++i) {
        pairs.emplace_back(oracle::to_bits(values(random)), oracle::to_bits(values(random)));
    }
    const auto strange = library_strange({AdderId::loa, {{12}}}, pairs);
    EXPECT_EQ(std::count(strange.begin(), strange.end(), true), 0);
    EXPECT_TRUE(library_strange({AdderId::trunc1, {{12}}}, {{0, 0}})[0]) << "0 + 0 is not 0 in this circuit";
    for (const u32 x : {0x00000001u, 0x7f7fffffu, 0x7f800000u, 0x7fc00000u, 0x0a000000u}) {
        EXPECT_TRUE(library_strange({AdderId::loa, {{12}}}, {{x, x}})[0]) << hex(x);
    }
    for (const u32 x : {kCanonicalNan, 0xffc00000u, 0x7f800001u}) {  // beside a number, on either side
        EXPECT_TRUE(library_strange({AdderId::loa, {{12}}}, {{x, 0x3f800000}})[0]) << hex(x);
        EXPECT_TRUE(library_strange({AdderId::loa, {{12}}}, {{0x3f800000, x}})[0]) << hex(x);
    }
}

TEST(ApproximateAdd, Fp32EqualsTheOracle) {
    expect_format_as_oracle(kFp32, 10000);
}
TEST(ApproximateAdd, Bf16EqualsTheOracle) {
    expect_format_as_oracle(kBf16, 6000);
}
TEST(ApproximateAdd, Fp16EqualsTheOracle) {
    expect_format_as_oracle(kFp16, 6000);
}
TEST(ApproximateAdd, E5m6EqualsTheOracle) {
    expect_format_as_oracle({5, 6}, 6000);
}
TEST(ApproximateAdd, E2m1EqualsTheOracle) {
    expect_format_as_oracle({2, 1}, 1000);
}
TEST(ApproximateAdd, E8m22EqualsTheOracle) {
    expect_format_as_oracle({8, 22}, 3000);
}

TEST(ApproximateAdd, EveryPairOfThe8BitFormatsEqualsTheOracle) {
    for (const Format& f : {kFp8E4m3, kFp8E5m2, Format{4, 3}, Format{3, 4}}) {
        std::vector<u32> values;
        for (u32 code = 0; code < 256; code += samples(20) < 20 ? 5 : 1) {
            values.push_back(oracle::number_of_code(f, code));
        }
        const auto pairs = all_pairs(values);
        for (const AdderId unit : approximate_units()) {
            for (const Parameters& p : settings(unit, f.fraction_bits + 3, 4)) {
                const AdderSpec spec{unit, p, f};
                ASSERT_TRUE(same(pairs, library_add(spec, pairs), oracle_add(spec, pairs))) << text(spec);
            }
        }
    }
}

TEST(ApproximateAdd, OptionsEqualTheOracle) {
    auto random = test_random();
    for (const Format& f : {kFp32, kBf16, kFp8E4m3}) {
        for (const AdderId unit : approximate_units()) {
            for (const Parameters& p : settings(unit, f.fraction_bits + 3, 3)) {
                auto pairs = test_pairs(random, f, samples(3000));
                expect_as_oracle({unit, p, f, Rounding::rne, true, false}, pairs);
                // Two zeros are left out: which of them is "the other" is open.
                std::erase_if(pairs,
                              [](const Pair& p) { return oracle::is_zero(p.first) && oracle::is_zero(p.second); });
                expect_as_oracle({unit, p, f, Rounding::rne, false, true}, pairs);
                expect_as_oracle({unit, p, f, Rounding::rne, true, true}, pairs);
            }
        }
    }
}

TEST(ApproximateAdd, GuardBitsAndRoundingEqualTheOracle) {
    auto random = test_random();
    for (const Format& f : {kFp32, kBf16, kFp16, kFp8E4m3}) {
        for (const AdderId unit : approximate_units()) {
            for (u32 guard = 0; guard <= 3; ++guard) {
                for (const Parameters& p : settings(unit, f.fraction_bits + 3 + guard, samples(3))) {
                    const auto pairs = test_pairs(random, f, samples(600));
                    for (const Rounding r : kModes) {
                        AdderSpec spec{unit, p, f, r};
                        spec.guard = guard;
                        spec.round_sum = true;
                        expect_as_oracle(spec, pairs);
                        spec.exact_subtraction = true;
                        expect_as_oracle(spec, pairs);
                    }
                    AdderSpec truncating{unit, p, f};
                    truncating.guard = guard;
                    expect_as_oracle(truncating, pairs);
                }
            }
        }
    }
}

/// Three guard bits are all that correct rounding needs; where the circuit is exact the pipeline is the exact adder's.
TEST(ApproximateAdd, AnExactCircuitWithThreeGuardBitsIsTheExactAdder) {
    auto random = test_random();
    for (const Format& format : {kFp32, kBf16, kFp16, kFp8E4m3, kFp8E5m2}) {
        for (const Format& f : with_options(format)) {
            const auto pairs = test_pairs(random, f, samples(20000));
            for (const Rounding r : {Rounding::rne, Rounding::rna, Rounding::rz, Rounding::ru, Rounding::odd}) {
                AdderSpec spec{AdderId::loa, {{0}}, f, r};
                spec.guard = 3;
                spec.round_sum = true;
                ASSERT_TRUE(same(pairs, library_add(spec, pairs), library_add({AdderId::exact, {}, f, r}, pairs)))
                    << text(spec);
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
    for (const AdderId unit : {AdderId::loa, AdderId::ama5, AdderId::eta1, AdderId::trunc0}) {
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
