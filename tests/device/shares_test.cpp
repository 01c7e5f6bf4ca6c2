// SPDX-License-Identifier: Apache-2.0
// Which device takes what, and the order in which results leave.
#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "engine/simulation/device/shares.h"

namespace axfire::test {

namespace {

/// Shares of 10 samples, and the labels in the order in which they left.
struct Split {
    explicit Split(std::size_t ahead = 100)
        : shares(10, ahead, [this](std::size_t first, std::span<FinishedSample> batch) {
              EXPECT_EQ(first, labels.size());
              for (const FinishedSample& sample : batch) {
                  labels.push_back(sample.label);
              }
          }) {}
    void finish(const Share& share) {
        std::vector<FinishedSample> results(share.count);
        for (std::size_t i = 0; i < share.count; ++i) {
            results[i].label = static_cast<std::int32_t>(share.first + i);
        }
        shares.finish(share.first, std::move(results));
    }
    std::vector<std::int32_t> labels;
    Shares shares;
};

const std::vector<std::int32_t> kAll{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(DeviceShares, LeaveInOrderWhoeverIsFirst) {
    Split run;
    const auto a = run.shares.take(4), b = run.shares.take(3), c = run.shares.take(8);
    EXPECT_EQ(c->first, 7u);
    EXPECT_EQ(c->count, 3u);
    EXPECT_FALSE(run.shares.try_take(1));
    run.finish(*c);
    run.finish(*b);
    EXPECT_TRUE(run.labels.empty());
    run.finish(*a);
    EXPECT_EQ(run.labels, kAll);
    EXPECT_FALSE(run.shares.take(1));
    run.shares.rethrow();
}

TEST(DeviceShares, WhatIsGivenBackIsTakenFirstInParts) {
    Split run;
    const auto a = run.shares.take(5);
    run.shares.give_back(*a);
    const auto b = run.shares.take(3);
    EXPECT_EQ(b->first, 0u);
    EXPECT_EQ(b->count, 3u);
    const auto c = run.shares.take(3);
    EXPECT_EQ(c->first, 3u);
    EXPECT_EQ(c->count, 2u);
    const auto d = run.shares.take(9);
    EXPECT_EQ(d->first, 5u);
    run.finish(*d);
    run.finish(*c);
    run.finish(*b);
    EXPECT_EQ(run.labels, kAll);
}

TEST(DeviceShares, NobodyRunsFarAhead) {
    Split run(2);
    const auto a = run.shares.take(3);
    EXPECT_FALSE(run.shares.try_take(3));
    run.finish(*a);
    EXPECT_TRUE(run.shares.try_take(3));
}

/// The error of the lowest sample is the run's, after what lies before it.
TEST(DeviceShares, ErrorsKeepTheirPlace) {
    Split run;
    const auto a = run.shares.take(2), b = run.shares.take(2), c = run.shares.take(2);
    run.shares.finish(c->first, {}, std::make_exception_ptr(std::runtime_error("c")));
    run.shares.finish(b->first, {}, std::make_exception_ptr(std::runtime_error("b")));
    run.shares.rethrow();
    run.finish(*a);
    EXPECT_EQ(run.labels.size(), 2u);
    EXPECT_FALSE(run.shares.take(2));
    try {
        run.shares.rethrow();
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "b");
    }
}

}  // namespace

}  // namespace axfire::test
