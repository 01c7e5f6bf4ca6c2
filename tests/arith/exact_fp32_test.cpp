// SPDX-License-Identifier: Apache-2.0
// exact@fp32 against the processor, bit for bit: subnormals, infinities and NaN included.
#include <gtest/gtest.h>

#include <cfenv>

#include "tests/arith/library.h"
#include "tests/oracle/dyadic.h"
#include "tests/support/compare.h"
#include "tests/support/operands.h"
#include "tests/support/seed.h"

namespace axfire::testing {
namespace {

struct ProcessorMode {
    Rounding rounding;
    int mode;
};
constexpr ProcessorMode kProcessorModes[] = {{Rounding::rne, FE_TONEAREST},
                                             {Rounding::rz, FE_TOWARDZERO},
                                             {Rounding::ru, FE_UPWARD},
                                             {Rounding::rd, FE_DOWNWARD}};

/// The processor's sums and products; volatile, so that the compiler neither folds nor fuses them. A NaN is made
/// canonical: its payload is the processor's own affair.
template <bool kMultiply>
std::vector<u32> processor(const std::vector<Pair>& pairs, int mode) {
    std::vector<u32> results;
    results.reserve(pairs.size());
    std::fesetround(mode);
    for (const auto& [a, b] : pairs) {
        volatile float x = oracle::to_float(a);
        volatile float y = oracle::to_float(b);
        volatile float r = 0;
        if constexpr (kMultiply) {
            r = x * y;
        } else {
            r = x + y;
        }
        results.push_back(oracle::to_bits(r));
    }
    std::fesetround(FE_TONEAREST);
    for (u32& r : results) {
        r = oracle::is_nan(r) ? oracle::kCanonicalNan : r;
    }
    return results;
}

std::vector<Pair> patterns(std::size_t uniform, std::size_t directed) {
    auto random = test_random();
    std::vector<Pair> pairs = test_pairs(random, kFp32, directed);
    for (std::size_t i = 0; i < uniform; ++i) {
        const u64 bits = random();
        pairs.emplace_back(static_cast<u32>(bits), static_cast<u32>(bits >> 32));
    }
    return pairs;
}

TEST(ExactFp32, SumsEqualTheProcessors) {
    const auto pairs = patterns(samples(1000000), samples(1500000));
    const auto want = processor<false>(pairs, FE_TONEAREST);
    for (const unsigned width : kWidths) {
        EXPECT_TRUE(same(pairs, library_add({}, pairs, width), want)) << "width " << width;
    }
}

TEST(ExactFp32, ProductsEqualTheProcessors) {
    const auto pairs = patterns(samples(1000000), samples(1500000));
    const auto want = processor<true>(pairs, FE_TONEAREST);
    for (const unsigned width : kWidths) {
        EXPECT_TRUE(same(pairs, library_mul({}, pairs, width), want)) << "width " << width;
    }
}

TEST(ExactFp32, DirectedModesEqualTheProcessors) {
    const auto pairs = patterns(samples(200000), samples(400000));
    for (const auto& [rounding, mode] : kProcessorModes) {
        AdderSpec adder;
        adder.rounding = rounding;
        MultiplierSpec multiplier;
        multiplier.rounding = rounding;
        EXPECT_TRUE(same(pairs, library_add(adder, pairs), processor<false>(pairs, mode))) << name(rounding);
        EXPECT_TRUE(same(pairs, library_mul(multiplier, pairs), processor<true>(pairs, mode))) << name(rounding);
    }
}

TEST(ExactFp32, OtherModesEqualTheOracle) {
    const auto pairs = patterns(samples(50000), samples(200000));
    for (const Rounding r : {Rounding::rna, Rounding::odd}) {
        AdderSpec adder;
        adder.rounding = r;
        MultiplierSpec multiplier;
        multiplier.rounding = r;
        std::vector<u32> sums, products;
        for (const auto& [a, b] : pairs) {
            sums.push_back(oracle::exact_add(kFp32, r, a, b));
            products.push_back(oracle::exact_mul(kFp32, r, a, b));
        }
        EXPECT_TRUE(same(pairs, library_add(adder, pairs), sums)) << name(r);
        EXPECT_TRUE(same(pairs, library_mul(multiplier, pairs), products)) << name(r);
    }
}

/// The integer oracle is held by the processor too, in all four of its modes.
TEST(ExactFp32, OracleEqualsTheProcessor) {
    const auto pairs = patterns(samples(20000), samples(100000));
    for (const auto& [rounding, mode] : kProcessorModes) {
        std::vector<u32> sums, products;
        for (const auto& [a, b] : pairs) {
            sums.push_back(oracle::exact_add(kFp32, rounding, a, b));
            products.push_back(oracle::exact_mul(kFp32, rounding, a, b));
        }
        EXPECT_TRUE(same(pairs, sums, processor<false>(pairs, mode))) << name(rounding);
        EXPECT_TRUE(same(pairs, products, processor<true>(pairs, mode))) << name(rounding);
    }
}

}  // namespace
}  // namespace axfire::testing
