// SPDX-License-Identifier: Apache-2.0
// The parts of a training: named networks, optimisers, schedules, augmentation.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/train/augment.h"
#include "engine/train/network_text.h"
#include "engine/train/optimizer.h"
#include "engine/train/schedule.h"
#include "tests/engine/networks.h"

namespace axfire::test {
namespace {

TEST(TrainingParts, NamedNetworksHaveTheirLayers) {
    const auto count = [](const std::string& name, const Shape& input) {
        train::DescribedNetwork d = train::parse_network(train::named_network(name, 10), name, input);
        std::size_t parameters = 0;
        for (const train::Parameter& p : train::parameters(d.network)) {
            parameters += p.tensor->data.size();
        }
        return parameters;
    };
    EXPECT_EQ(count("lenet5", {1, 28, 28}), 61706u);
    EXPECT_EQ(count("mlp:784-128-10", {784}), 101770u);
    EXPECT_EQ(count("resnet20", {3, 32, 32}), 269722u);  // He et al., CVPR 2016, table 6: 0.27 M
    EXPECT_EQ(count("vgg9", {3, 32, 32}), 5942218u);
    EXPECT_GT(count("snn-conv", {2, 34, 34}), 100000u);
}

TEST(TrainingParts, OptimisersFollowTheirFormulas) {
    for (const train::Method method : {train::Method::sgd, train::Method::adam, train::Method::adamw}) {
        Network network = chain({2}, {{"l", nodes::Linear{{{1, 2}, {0.5F, -1.0F}}, {{1}, {0.25F}}}}});
        const std::vector<train::Parameter> parameters = train::parameters(network);
        train::OptimizerOptions o;
        o.method = method;
        o.weight_decay = 0.1;
        o.clip = 1;
        train::Optimizer optimizer(parameters, o);
        train::Team team(1);
        double w[3] = {0.5, -1, 0.25};
        double m[3] = {};
        double s[3] = {};
        for (int step = 1; step <= 4; ++step) {
            std::vector<std::vector<float>> gradients{{0.1F * step, 2.0F}, {-0.5F}};
            double norm = 0;
            const double given[3] = {0.1F * step, 2, -0.5};
            for (const double g : given) {
                norm += g * g;
            }
            norm = std::sqrt(norm);
            EXPECT_NEAR(optimizer.step(parameters, gradients, 0.05, team), norm, 1e-6);
            for (int i = 0; i < 3; ++i) {
                const double decay = i < 2 ? 0.1 : 0;  // a bias does not decay
                double g = given[i] / norm;            // the norm is above 1
                if (method == train::Method::sgd) {
                    m[i] = 0.9 * m[i] + g + decay * w[i];
                    w[i] -= 0.05 * m[i];
                    continue;
                }
                w[i] *= method == train::Method::adamw ? 1 - 0.05 * decay : 1;
                g += method == train::Method::adam ? decay * w[i] : 0;
                m[i] = 0.9 * m[i] + 0.1 * g;
                s[i] = 0.999 * s[i] + 0.001 * g * g;
                const double mean = m[i] / (1 - std::pow(0.9, step));
                w[i] -= 0.05 * mean / (std::sqrt(s[i] / (1 - std::pow(0.999, step))) + 1e-8);
            }
            EXPECT_NEAR(parameters[0].tensor->data[0], w[0], 1e-5);
            EXPECT_NEAR(parameters[0].tensor->data[1], w[1], 1e-5);
            EXPECT_NEAR(parameters[1].tensor->data[0], w[2], 1e-5);
        }
    }
}

TEST(TrainingParts, Schedules) {
    train::ScheduleOptions o;
    o.rate = 1;
    train::PlateauState plateau;
    o.kind = train::ScheduleKind::constant;
    EXPECT_EQ(train::rate_at(o, plateau, 7, 10, 4), 1);
    o.warm_up = 4;
    EXPECT_EQ(train::rate_at(o, plateau, 0, 10, 4), 0.25);
    EXPECT_EQ(train::rate_at(o, plateau, 4, 10, 4), 1);
    o.warm_up = 0;
    o.kind = train::ScheduleKind::step;
    o.every = 2;
    EXPECT_EQ(train::rate_at(o, plateau, 19, 10, 8), 1);
    EXPECT_EQ(train::rate_at(o, plateau, 20, 10, 8), 0.1);
    EXPECT_NEAR(train::rate_at(o, plateau, 45, 10, 8), 0.01, 1e-15);
    o.kind = train::ScheduleKind::cosine;
    EXPECT_EQ(train::rate_at(o, plateau, 0, 10, 4), 1);
    EXPECT_NEAR(train::rate_at(o, plateau, 20, 10, 4), 0.5, 1e-15);
    EXPECT_NEAR(train::rate_at(o, plateau, 10, 10, 4), 0.5 + std::sqrt(0.125), 1e-15);
    o.kind = train::ScheduleKind::plateau;
    for (const double loss : {3.0, 2.0, 2.5, 1.9, 2.0}) {
        plateau.end_epoch(o, loss);
    }
    EXPECT_EQ(train::rate_at(o, plateau, 0, 10, 4), 1);
    plateau.end_epoch(o, 1.95);
    EXPECT_EQ(train::rate_at(o, plateau, 0, 10, 4), 0.1);
}

TEST(TrainingParts, AugmentationMovesImagesAndEvents) {
    Sample image;
    for (int i = 0; i < 24; ++i) {
        image.values.push_back(static_cast<float>(i + 1));
    }
    train::AugmentOptions o;
    o.shift = 1;
    o.flip = true;
    std::size_t flipped = 0;
    for (std::uint64_t draw = 0; draw < 64; ++draw) {
        Sample moved = image;
        train::augment(o, {2, 3, 4}, 5, draw, moved);
        // The middle of a row shows where it went, and which way round.
        int found = 0;
        for (int down = -1; down <= 1; ++down) {
            for (int right = -1; right <= 1; ++right) {
                for (const bool flip : {false, true}) {
                    bool same = true;
                    for (int c = 0; c < 2; ++c) {
                        for (int y = 0; y < 3; ++y) {
                            for (int x = 0; x < 4; ++x) {
                                const int fy = y - down;
                                const int fx = x - right;
                                const bool inside = fy >= 0 && fy < 3 && fx >= 0 && fx < 4;
                                const float expected =
                                    inside ? static_cast<float>((c * 3 + fy) * 4 + (flip ? 3 - fx : fx) + 1) : 0;
                                same = same && moved.values[static_cast<std::size_t>((c * 3 + y) * 4 + x)] == expected;
                            }
                        }
                    }
                    found += same;
                    flipped += same && flip;
                }
            }
        }
        EXPECT_EQ(found, 1) << draw;
    }
    EXPECT_GT(flipped, 16u);
    EXPECT_LT(flipped, 48u);

    Sample events;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        events.events.push_back({1000 + i, i % 24});
    }
    train::AugmentOptions e;
    e.jitter_us = 10;
    e.drop_events = 0.25;
    Sample moved = events;
    train::augment(e, {2, 3, 4}, 5, 9, moved);
    EXPECT_GT(moved.events.size(), 650u);
    EXPECT_LT(moved.events.size(), 850u);
    for (const Event& m : moved.events) {
        EXPECT_GE(m.time_us, 990u);
        EXPECT_LE(m.time_us, 2009u);
    }
    Sample same = events;
    train::augment(e, {2, 3, 4}, 5, 9, same);
    ASSERT_EQ(same.events.size(), moved.events.size());
    EXPECT_EQ(same.events[7].time_us, moved.events[7].time_us);
}

}  // namespace
}  // namespace axfire::test
