// SPDX-License-Identifier: Apache-2.0
#include "datasets/aer.h"

#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::input_error;
using testing::TemporaryFolder;

constexpr Sensor kNmnistSensor{34, 34};

TEST(Aer, DecodesARecordByHand) {
    const TemporaryFolder folder;
    // x = 12, y = 4, ON, t = 0x000AE6 = 2790 us; then x = 33, y = 33, OFF, t = 0x7FFFFF; then an earlier time again.
    const auto file =
        folder.write("a.bin", {12, 4, 0x80, 0x0A, 0xE6, 33, 33, 0x7F, 0xFF, 0xFF, 0, 0, 0x00, 0x00, 0x01});
    const std::vector<Event> events = read_aer(file, kNmnistSensor);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].index, (1u * 34 + 4) * 34 + 12);
    EXPECT_EQ(events[0].time_us, 2790u);
    EXPECT_EQ(events[1].index, 33u * 34 + 33);
    EXPECT_EQ(events[1].time_us, 0x7FFFFFu);
    EXPECT_EQ(events[2].index, 0u);
    EXPECT_EQ(events[2].time_us, 1u);
}

TEST(Aer, IndexFollowsTheSensorSize) {
    const TemporaryFolder folder;
    const auto file = folder.write("a.bin", {5, 9, 0x80, 0, 0});
    EXPECT_EQ(read_aer(file, {10, 6})[0].index, (1u * 10 + 9) * 6 + 5);
    expect_message(input_error([&] { read_aer(file, {9, 6}); }), {file.string(), "y=9", "6x9"});
    expect_message(input_error([&] { read_aer(file, {10, 5}); }), {file.string(), "x=5", "5x10"});
}

TEST(Aer, MeasuresTheSmallestSensorAndTheLastTime) {
    const TemporaryFolder folder;
    const auto extent_of = [&](const testing::Bytes& bytes) { return measure_aer(folder.write("a.bin", bytes)); };
    const AerExtent least = extent_of({0, 0, 0x80, 0, 0});
    EXPECT_EQ(least.sensor.width, 1u);
    EXPECT_EQ(least.sensor.height, 1u);
    EXPECT_EQ(least.last_us, 0u);
    const AerExtent extent = extent_of({5, 9, 0xFF, 0xFF, 0xFF, 255, 0, 0, 0, 1});  // the later record is earlier
    EXPECT_EQ(extent.sensor.width, 256u);
    EXPECT_EQ(extent.sensor.height, 10u);
    EXPECT_EQ(extent.last_us, 0x7FFFFFu);
    expect_message(input_error([&] { extent_of({1, 2}); }), {"2 bytes", "multiple of 5"});
    expect_message(input_error([&] { check_aer(folder.write("a.bin", {1, 2})); }), {"2 bytes", "multiple of 5"});
    check_aer(folder.write("a.bin", {1, 2, 3, 4, 5}));
}

TEST(Aer, ReadsFilesLongerThanOnePiece) {
    const TemporaryFolder folder;
    testing::Bytes bytes;
    constexpr std::uint32_t kEvents = 150'001;
    for (std::uint32_t i = 0; i < kEvents; ++i) {
        const std::uint32_t time_us = i * 3;
        const auto byte = [](std::uint32_t x) { return static_cast<std::uint8_t>(x); };
        bytes.insert(bytes.end(),
                     {byte(i % 34), byte(i / 34 % 34), byte(time_us >> 16), byte(time_us >> 8), byte(time_us)});
    }
    const std::vector<Event> events = read_aer(folder.write("long.bin", bytes), kNmnistSensor);
    ASSERT_EQ(events.size(), kEvents);
    for (std::uint32_t i = 0; i < kEvents; ++i) {
        ASSERT_EQ(events[i].time_us, i * 3);
        ASSERT_EQ(events[i].index, i % (34 * 34));
    }
}

TEST(Aer, RejectsBadFiles) {
    const TemporaryFolder folder;
    const auto cut = folder.write("cut.bin", {1, 2, 3, 4, 5, 6, 7});
    expect_message(input_error([&] { read_aer(cut, kNmnistSensor); }), {cut.string(), "7 bytes", "multiple of 5"});
    const auto empty = folder.write("empty.bin", {});
    expect_message(input_error([&] { read_aer(empty, kNmnistSensor); }), {empty.string(), "empty"});
    const auto outside = folder.write("outside.bin", {0, 0, 0, 0, 0, 34, 0, 0, 0, 0});
    expect_message(input_error([&] { read_aer(outside, kNmnistSensor); }),
                   {outside.string(), "event 1", "x=34", "34x34"});
    const auto missing = folder.path() / "missing.bin";
    expect_message(input_error([&] { read_aer(missing, kNmnistSensor); }), {missing.string(), "No such file"});
    expect_message(input_error([&] { read_aer(folder.path(), kNmnistSensor); }), {"not a regular file"});
}

TEST(Aer, ReadsADvsGestureRecording) {
    AXFIRE_NEEDS_REAL_DATA();
    const std::filesystem::path file = std::filesystem::path(testing::real_data()) / "dvs_gesture" / "1.bs2";
    const std::vector<Event> events = read_aer(file, {128, 128});
    EXPECT_EQ(events.size(), std::filesystem::file_size(file) / 5);
    std::uint32_t last = 0;
    for (const Event& event : events) {
        last = std::max(last, event.time_us);
        ASSERT_LT(event.index, 2u * 128 * 128);
    }
    EXPECT_GT(last, 1'400'000u);
    EXPECT_LE(last, 1'450'000u);
}

}  // namespace
}  // namespace axfire
