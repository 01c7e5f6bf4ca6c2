// SPDX-License-Identifier: Apache-2.0
#include "datasets/normalised.h"

#include <bit>
#include <cmath>
#include <limits>

#include "tests/datasets/support.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::input_error;
using Shape = std::vector<std::size_t>;

/// A data set of one sample.
class Given final : public Dataset {
public:
    Given(Shape shape, std::vector<float> values, std::uint32_t frames = 0, bool events = false)
        : shape_(std::move(shape)), values_(std::move(values)), frames_(frames), events_(events) {}
    std::size_t size() const override { return 1; }
    const Shape& shape() const override { return shape_; }
    bool has_events() const override { return events_; }
    std::uint32_t default_steps(double dt_ms) const override { return static_cast<std::uint32_t>(10 * dt_ms); }
    Sample load(std::size_t i) const override {
        if (i > 0) {
            throw InputError("no such sample");
        }
        return {7, {}, values_, frames_};
    }

private:
    Shape shape_;
    std::vector<float> values_;
    std::uint32_t frames_;
    bool events_;
};

std::vector<float> values_of(const Dataset& data) {
    return data.load(0).values;
}

TEST(Normalised, OneNumberForAll) {
    const auto data = normalised(std::make_unique<Given>(Shape{2, 2}, std::vector<float>{0, 1, 2, -3}), {1}, {2});
    EXPECT_EQ(values_of(*data), (std::vector<float>{-0.5f, 0, 0.5f, -2}));
    EXPECT_EQ(data->size(), 1u);
    EXPECT_EQ(data->shape(), (Shape{2, 2}));
    EXPECT_FALSE(data->has_events());
    EXPECT_EQ(data->default_steps(3.0), 30u);
    EXPECT_EQ(data->load(0).label, 7);
    EXPECT_EQ(data->load(0).frames, 0u);
    expect_message(input_error([&] { data->load(1); }), {"no such sample"});
}

TEST(Normalised, OneNumberForEachChannelInEveryFrame) {
    const std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};  // 2 frames x 3 channels x 2
    const auto data = normalised(std::make_unique<Given>(Shape{3, 2}, values, 2), {1, 2, 3}, {1, 2, 4});
    EXPECT_EQ(values_of(*data), (std::vector<float>{0, 1, 0.5f, 1, 0.5f, 0.75f, 6, 7, 3.5f, 4, 2, 2.25f}));
    EXPECT_EQ(data->load(0).frames, 2u);
    const auto mixed = normalised(std::make_unique<Given>(Shape{3, 2}, values, 2), {1}, {1, 2, 4});
    EXPECT_EQ(values_of(*mixed), (std::vector<float>{0, 1, 1, 1.5f, 1, 1.25f, 6, 7, 4, 4.5f, 2.5f, 2.75f}));
    const auto flat = normalised(std::make_unique<Given>(Shape{3}, std::vector<float>{1, 2, 3}), {1, 2, 3}, {5});
    EXPECT_EQ(values_of(*flat), (std::vector<float>{0, 0, 0}));
}

TEST(Normalised, RoundsOnceFromBinary64) {
    std::mt19937_64 random = testing::test_random();
    std::uniform_real_distribution<double> number(0.1, 1.0);
    int differs = 0;
    for (int round = 0; round < 1000; ++round) {
        const float x = static_cast<float>(number(random));
        const double mean = number(random);
        const double deviation = number(random);
        const auto data = normalised(std::make_unique<Given>(Shape{1}, std::vector<float>{x}), {mean}, {deviation});
        const volatile double difference = static_cast<double>(x) - mean;
        const volatile double quotient = difference / deviation;
        ASSERT_EQ(values_of(*data)[0], static_cast<float>(quotient));
        differs += values_of(*data)[0] != (x - static_cast<float>(mean)) / static_cast<float>(deviation);
    }
    EXPECT_GT(differs, 0);  // arithmetic in binary32 would be told apart
    // (1 + 2^-23 - 2^-24) / 1 is a tie in binary64, which goes to even.
    const auto tie = normalised(std::make_unique<Given>(Shape{1}, std::vector<float>{1.0f + 0x1p-23f}), {0x1p-24}, {1});
    EXPECT_EQ(values_of(*tie)[0], 1.0f);
}

TEST(Normalised, NanAndInfinityStay) {
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> values{infinity, -infinity, std::bit_cast<float>(0x7fc00000u), 1e38f, -1e38f};
    const auto data = normalised(std::make_unique<Given>(Shape{5}, values), {0.5}, {1e-3});
    const std::uint32_t expected[] = {0x7f800000u, 0xff800000u, 0x7fc00000u, 0x7f800000u, 0xff800000u};
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(std::bit_cast<std::uint32_t>(values_of(*data)[i]), expected[i]) << values[i];
    }
}

TEST(Normalised, RejectsWhatDoesNotFit) {
    const auto error_of = [](const std::vector<double>& mean, const std::vector<double>& deviation,
                             bool events = false) {
        return input_error([&] {
            normalised(std::make_unique<Given>(Shape{3, 2}, std::vector<float>(6), 0, events), mean, deviation);
        });
    };
    EXPECT_EQ(error_of({0}, {1}), "");
    EXPECT_EQ(error_of({1, 2, 3}, {1, 2, 3}), "");
    expect_message(error_of({0}, {1}, true), {"events", "leave them out"});
    expect_message(error_of({}, {1}), {"0 numbers as mean", "[3,2]", "3 channels"});
    expect_message(error_of({1, 2}, {1}), {"2 numbers as mean", "[3,2]", "3 channels"});
    expect_message(error_of({1}, {1, 2, 3, 4}), {"4 numbers as std", "[3,2]", "3 channels"});
    expect_message(error_of({1}, {1, 1, 1, 1, 1, 1}), {"6 numbers as std"});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double bad : {0.0, -0.0, -1.0, nan, infinity, -infinity}) {
        expect_message(error_of({0}, {1, bad, 1}), {"std ", "above 0"});
    }
    for (const double bad : {nan, infinity, -infinity}) {
        expect_message(error_of({1, 2, bad}, {1}), {"mean ", "finite"});
    }
}

TEST(Normalised, RealCifarImage) {
    AXFIRE_NEEDS_REAL_DATA();
    const std::string spec = "cifar10:" + testing::real_data() + "/cifar10";
    const std::vector<double> mean{0.485, 0.456, 0.406};
    const std::vector<double> deviation{0.229, 0.224, 0.225};
    const auto plain = open_dataset(spec, {3, 32, 32});
    const auto data = normalised(open_dataset(spec, {3, 32, 32}), mean, deviation);
    ASSERT_EQ(data->size(), plain->size());
    for (std::size_t i = 0; i < data->size(); i += 100) {
        const std::vector<float> x = plain->load(i).values;
        const std::vector<float> y = data->load(i).values;
        ASSERT_EQ(x.size(), y.size());
        for (std::size_t k = 0; k < x.size(); ++k) {
            const std::size_t channel = k / 1024;
            ASSERT_EQ(y[k], static_cast<float>((static_cast<double>(x[k]) - mean[channel]) / deviation[channel]));
        }
    }
    expect_message(input_error([&] { normalised(open_dataset(spec, {3072}), mean, deviation); }),
                   {"3 numbers as mean", "[3072]"});
}

}  // namespace
}  // namespace axfire
