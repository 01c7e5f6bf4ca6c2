// SPDX-License-Identifier: Apache-2.0
// The floating-point flags are part of the specification: contraction to fused operations, flushing of subnormals or
// reordering would change results, and each would make one of these tests fail.
#include <bit>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "engine/backend/jit/instances.h"
#include "synapses/views.h"

namespace axfire::test {

namespace {

u32 bits(float x) {
    return std::bit_cast<u32>(x);
}

/// One output of a dense projection in exact@fp32, as bits: where subnormals are flushed, a comparison of floats
/// flushes them too and sees no difference.
u32 dense_sum(const std::vector<float>& x, const std::vector<float>& w) {
    const u32 n = static_cast<u32>(x.size());
    std::vector<u32> values(n), weights(n * kPad), sums(kPad);
    for (u32 i = 0; i < n; ++i) {
        values[i] = bits(x[i]);
        weights[i * kPad] = bits(w[i]);
    }
    LinearArgs a{n, 1, kPad, nullptr, weights.data(), nullptr, {}, values.data(), sums.data(), {}};
    const AdderSpec add;
    find_instances({{add, {}, Part::projections}}, Jit::required, {})[0]->projections.linear_dense(a);
    return sums[0];
}

}  // namespace

TEST(FpFlags, ProductAndSumAreNotFused) {
    // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, which binary32 rounds to 1 + 2^-11; a fused operation keeps the 2^-24.
    const float a = 1.0f + 0x1p-12f;
    EXPECT_EQ(dense_sum({1.0f, a}, {-(1.0f + 0x1p-11f), a}), bits(0.0f));
}

TEST(FpFlags, SubnormalsAreKept) {
    EXPECT_EQ(dense_sum({0x1p-100f}, {0x1p-40f}), bits(0x1p-140f));
    EXPECT_EQ(dense_sum({0x1p-140f, 0x1p-140f}, {1.0f, 1.0f}), bits(0x1p-139f));
}

TEST(FpFlags, SumsKeepTheirOrder) {
    // (2^24 + 1) + -2^24 is 0 in this order; any other order gives 1.
    EXPECT_EQ(dense_sum({0x1p24f, 1.0f, -0x1p24f}, {1.0f, 1.0f, 1.0f}), bits(0.0f));
}

TEST(FpFlags, InfinityAndNanAreKept) {
    const float inf = std::numeric_limits<float>::infinity();
    EXPECT_EQ(dense_sum({inf, -inf}, {1.0f, 1.0f}), kCanonicalNan);
    EXPECT_EQ(dense_sum({inf}, {-1.0f}), bits(-inf));
}

}  // namespace axfire::test
