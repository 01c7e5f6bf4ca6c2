// SPDX-License-Identifier: Apache-2.0
// Dense layers whose factors are ordinary numbers are not checked operation by operation: they give the bits of the
// plain simulator all the same, and so do those that leave what is ordinary in one way or another.
#include <cmath>

#include "engine/models/tabulate.h"
#include "synapses/magnitudes.h"
#include "synapses/sum.h"
#include "tests/engine/small_runs.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

enum class Kind { ordinary, zeros, cancelling, small, large, subnormal, infinite };
constexpr Kind kKinds[] = {Kind::ordinary, Kind::zeros,     Kind::cancelling, Kind::small,
                           Kind::large,    Kind::subnormal, Kind::infinite};

/// Inputs (`input`) or weights of a kind. Cancelling pairs: neighbouring inputs are equal, weights opposite.
std::vector<float> numbers(std::mt19937_64& random, Kind kind, std::size_t n, bool input, std::size_t row) {
    std::vector<float> list(n);
    std::uniform_real_distribution<float> unit(-1, 1);
    for (std::size_t i = 0; i < n; ++i) {
        float& x = list[i];
        x = unit(random);
        if ((kind == Kind::cancelling || kind == Kind::small) && i % row % 2 == 1) {
            x = input ? list[i - 1] : -list[i - 1];
            x = random() % 4 == 0 ? std::nextafter(x, 2.0F) : x;
        }
        if (kind == Kind::zeros && random() % 2 == 0) {
            x = random() % 2 == 0 ? 0.0F : -0.0F;
        }
        if (kind == Kind::subnormal && random() % 4 == 0) {
            x *= 0x1p-130F;
        }
        if (kind == Kind::infinite && random() % 20 == 0) {
            x = random() % 2 == 0 ? INFINITY : NAN;
        }
    }
    const float scale = kind == Kind::large ? 0x1p14F : kind == Kind::small ? 0x1p-48F : 1.0F;
    for (float& x : list) {
        x = kind == Kind::small && std::fabs(x) < 0x1p-6F ? std::copysign(scale / 64, x) : x * scale;
    }
    return list;
}

Node conv(std::vector<float> weight, Shape shape, std::size_t groups, std::vector<float> bias) {
    nodes::Conv2d node;
    const std::size_t out = shape[0];
    node.weight = {std::move(shape), std::move(weight)};
    node.bias = {{out}, std::move(bias)};
    node.pad_begin = node.pad_end = {1, 1};
    node.groups = groups;
    return {"w", std::move(node)};
}

void expect_reference_bits(SimulationOptions options, const std::string& name) {
    options.jit = Jit::required;
    options.readout = Readout::sum;
    auto random = axfire::testing::test_random();
    for (const Kind kind : kKinds) {
        const auto inputs = [&](std::size_t n) { return constant_input(numbers(random, kind, n, true, n), 1); };
        const auto weights = [&](std::size_t n, std::size_t row) { return numbers(random, kind, n, false, row); };
        const std::string what = name + " " + std::to_string(static_cast<int>(kind));
        const std::size_t in = 70, out = 83;  // blocks of four lane groups and of one
        EXPECT_EQ(difference(chain({in}, {linear(out, weights(in * out, in), weights(out, out))}), inputs(in), options),
                  "")
            << what;
        // Lanes along channels, two and one lane groups; along rows.
        EXPECT_EQ(difference(chain({6, 7, 5}, {conv(weights(37 * 54, 54), {37, 6, 3, 3}, 1, weights(37, 37))}),
                             inputs(6 * 7 * 5), options),
                  "")
            << what << " convolution";
        EXPECT_EQ(
            difference(chain({4, 6, 19}, {conv(weights(4 * 9, 9), {4, 1, 3, 3}, 4, {})}), inputs(4 * 6 * 19), options),
            "")
            << what << " depthwise";
    }
}

}  // namespace

TEST(OrdinarySums, OfApproximateAdders) {
    expect_reference_bits(with_adder("loa(k=12)@fp32"), "loa");
    expect_reference_bits(with_adder("loa(k=26)@fp32"), "loa above the fraction");
    expect_reference_bits(with_adder("copy(k=4)@bf16", "drum(k=4)@fp32"), "copy");
    expect_reference_bits(with_adder("trunc1(k=4)@fp32"), "a circuit that makes something of two zeros");
}

TEST(OrdinarySums, OfMultipliers) {
    expect_reference_bits(with_adder("exact@fp32", "exact@bf16"), "bf16");
    expect_reference_bits(with_adder("loa(k=12)@fp32", "mitchell@fp32"), "mitchell");
    SimulationOptions table = with_adder("loa(k=12)@fp32", "mitchell@bf16");
    table.arithmetic.synapse_mul = with_table(table.arithmetic.synapse_mul, TablePolicy::on);
    expect_reference_bits(table, "table");
}

TEST(OrdinarySums, FactorsAreOrdinaryWhereNoProductLeavesTheNormalNumbers) {
    const auto of = [](const std::vector<float>& values) {
        return magnitudes<u32>(reinterpret_cast<const u32*>(values.data()), static_cast<u32>(values.size()));
    };
    const Magnitudes common = of({0.5F, -3.0F, 0.0F, -0.0F});
    EXPECT_EQ(std::bit_cast<float>(common.least), 0.5F);
    EXPECT_EQ(std::bit_cast<float>(common.greatest), 3.0F);
    EXPECT_TRUE(ordinary_factors(common, common));
    EXPECT_TRUE(ordinary_factors(of({0, 0}), common));
    EXPECT_TRUE(ordinary_factors(of({}), common));
    EXPECT_FALSE(ordinary_factors(common, Magnitudes{}));  // not told
    for (const float bad : {INFINITY, NAN, 0x1p-130F, 0x1p-100F, 0x1p100F}) {
        EXPECT_FALSE(ordinary_factors(of({1, bad}), common)) << bad;
        EXPECT_FALSE(ordinary_factors(common, of({bad, 1})) && std::isfinite(bad)) << bad;
        EXPECT_FALSE(ordinary_factors(of({0, 0}), of({INFINITY})));
    }
    EXPECT_FALSE(ordinary_factors(of({0x1p-60F}), of({0x1p-60F})));
    EXPECT_FALSE(ordinary_factors(of({0x1p60F}), of({0x1p60F})));
    const u32 absent[] = {kAbsent, 0x3f800000u};
    EXPECT_EQ(magnitudes<u32>(absent, 2).greatest, 0x3f800000u);
}

/// Sums of numbers of any exponent: right where they did not go astray, and some of the others wrong.
TEST(OrdinarySums, WhatDidNotGoAstrayIsRight) {
    constexpr AdderSpec kSpec{AdderId::loa, {{12}}, kFp32};
    using Checked = AXFIRE_ISA::FixedAdd<kSpec>;
    const AXFIRE_ISA::WatchfulAdd<Checked> watchful(kSpec, {});
    auto random = axfire::testing::test_random();
    std::size_t right = 0, wrong = 0;
    for (int i = 0; i < 1000000; ++i) {
        const auto number = [&](u32 field) { return (static_cast<u32>(random()) & 0x807fffffu) | field << 23; };
        const u32 field = static_cast<u32>(random() % 255);
        const u32 a = number(field);
        const u32 b = random() % 16 == 0 ? a ^ 0x80000001u : number(static_cast<u32>(random() % (field + 1)));
        u32 reach = 0;
        const u32 sum = watchful.watched(a, b, reach);
        const bool same = sum == fp_add(kSpec, a, b);
        const bool astray = watchful.went_astray(reach);
        ASSERT_TRUE(same || astray) << std::hex << a << " " << b;
        right += !astray;
        wrong += !same;
    }
    EXPECT_GT(right, 400000u);
    EXPECT_GT(wrong, 10000u);
}

/// Every pair of significands of a format, at ordinary exponents, is split as it is rounded.
template <u32 kFraction>
void expect_split_as_rounded() {
    constexpr MultiplierSpec kSpec{MultiplierId::exact, {}, Format{8, kFraction}};
    using Checked = AXFIRE_ISA::FixedMul<kSpec>;
    const Checked checked(kSpec, {});
    const AXFIRE_ISA::SplittingMul<Checked> splitting(kSpec, {});
    const Draw<u32> draw{RandomSite{}, 0, 0, Role::product};
    const u32 drop = 23 - kFraction;
    std::size_t wrong = 0;
    for (u32 a = 0; a < 2u << kFraction; ++a) {
        for (u32 b = 0; b < 1u << kFraction; ++b) {
            const u32 x = (a >> kFraction << 31) | (120u << 23) | ((a & ((1u << kFraction) - 1)) << drop);
            const u32 y = (130u << 23) | (b << drop);
            const u32 want = checked(x, y, draw);
            const u32 brought = splitting.operand(x, draw);
            wrong += splitting(brought, y, draw) != want;
            wrong += splitting(Shared<u32>{brought}, y, draw) != want;
        }
    }
    EXPECT_EQ(wrong, 0u) << kFraction;
}
TEST(OrdinarySums, SplittingRounds) {
    expect_split_as_rounded<1>();
    expect_split_as_rounded<4>();
    expect_split_as_rounded<7>();
}

}  // namespace axfire::test
