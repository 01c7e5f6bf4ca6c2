// SPDX-License-Identifier: Apache-2.0
#include "datasets/sample.h"
#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::Bytes;
using testing::expect_message;
using testing::input_error;
using testing::TemporaryFolder;
using Shape = std::vector<std::size_t>;

// x = 5, y = 9, ON, 0x010002 us; then x = 7, y = 3, OFF, 4 us.
const Bytes kRecording{5, 9, 0x81, 0, 2, 7, 3, 0, 0, 4};

std::unique_ptr<Dataset> open(const std::filesystem::path& path, const Shape& shape = {}) {
    return open_dataset("events:" + path.string(), shape);
}

TEST(Events, OneRecordingOfAnyNameHasNoLabel) {
    const TemporaryFolder folder;
    const auto file = folder.write("a:b.dat", kRecording);
    const auto data = open(file, {2, 12, 10});
    ASSERT_EQ(data->size(), 1u);
    EXPECT_TRUE(data->has_events());
    EXPECT_EQ(data->shape(), (Shape{2, 12, 10}));
    const Sample sample = data->load(0);
    EXPECT_EQ(sample.label, kNoLabel);
    EXPECT_TRUE(sample.values.empty());
    ASSERT_EQ(sample.events.size(), 2u);
    EXPECT_EQ(sample.events[0].index, (1u * 12 + 9) * 10 + 5);
    EXPECT_EQ(sample.events[0].time_us, 0x010002u);
    EXPECT_EQ(sample.events[1].index, 3u * 10 + 7);
    EXPECT_EQ(sample.events[1].time_us, 4u);
}

TEST(Events, TheSensorIsTheInputsOrTheSmallestThatFits) {
    const TemporaryFolder folder;
    const auto file = folder.write("a.bin", kRecording);
    for (const Shape& unknown : {Shape{}, Shape{2312}, Shape{1, 10, 8}, Shape{2, 10, 8, 1, 1}}) {
        const auto data = open(file, unknown);
        EXPECT_EQ(data->shape(), unknown.size() == 5 ? unknown : (Shape{2, 10, 8}));
        EXPECT_EQ(data->load(0).events[0].index, (1u * 10 + 9) * 8 + 5);
    }
    EXPECT_EQ(open(file, {2, 256, 256})->shape(), (Shape{2, 256, 256}));
    EXPECT_EQ(open(file, {160})->shape(), (Shape{160}));
    expect_message(input_error([&] { open(file, {2, 9, 8})->load(0); }), {file.string(), "y=9", "outside", "8x9"});
    expect_message(input_error([&] { open(file, {2, 10, 7})->load(0); }), {file.string(), "x=7", "outside", "7x10"});
    expect_message(input_error([&] { open(file, {2, 480, 256}); }), {"[2,480,256]", "256x256"});
    expect_message(input_error([&] { open(file, {2, 256, 257}); }), {"[2,256,257]", "256x256"});
    folder.write("set/1.bin", kRecording);
    folder.write("set/2.bin", {255, 0, 0, 0, 0});
    folder.write("set/3.bin", {0, 255, 0, 0, 0});
    EXPECT_EQ(open(folder / "set")->shape(), (Shape{2, 256, 256}));
}

TEST(Events, DefaultStepsCoverTheLongestRecording) {
    const TemporaryFolder folder;
    const auto file = folder.write("a/0/a.bin", kRecording);
    for (const Shape& shape : {Shape{}, Shape{2, 16, 16}}) {
        EXPECT_EQ(open(file, shape)->default_steps(1.0), 66u);  // 65538 us
        EXPECT_EQ(open(file, shape)->default_steps(0.001), 65539u);
    }
    folder.write("a/1/b.bin", {0, 0, 0x7F, 0xFF, 0xFF});
    EXPECT_EQ(open(folder / "a")->default_steps(1.0), 8389u);  // 8388607 us
    const auto exact = folder.write("exact.bin", {0, 0, 0, 0x03, 0xE8});
    EXPECT_EQ(open(exact)->default_steps(1.0), 2u);  // 1000 us lies in the second step
    expect_message(input_error([&] { open(file)->default_steps(0.0); }), {"dt = "});
}

TEST(Events, ClassFoldersGiveLabels) {
    const TemporaryFolder folder;
    for (const char* name : {"10/a.bin", "2/b.bs2", "2/a.bin", "2/notes.txt", "README", ".cache/x"}) {
        folder.write(name, {0, 0, 0, 0, static_cast<std::uint8_t>(name[std::string(name).find('/') + 1])});
    }
    const auto data = open(folder.path());
    ASSERT_EQ(data->size(), 3u);
    const std::pair<int, char> expected[] = {{2, 'a'}, {2, 'b'}, {10, 'a'}};
    for (std::size_t i = 0; i < 3; ++i) {
        const Sample sample = data->load(i);
        EXPECT_EQ(sample.label, expected[i].first);
        EXPECT_EQ(sample.events.at(0).time_us, static_cast<std::uint32_t>(expected[i].second));
    }
}

TEST(Events, RecordingsAloneAreSortedAndHaveNoLabels) {
    const TemporaryFolder folder;
    for (const char* name : {"b.bs2", "10.bin", "a.bin", "9.bin", "notes.txt", ".hidden.bin"}) {
        folder.write(name, {0, 0, 0, 0, static_cast<std::uint8_t>(name[0])});
    }
    const auto data = open(folder.path());
    ASSERT_EQ(data->size(), 4u);
    const char expected[] = {'1', '9', 'a', 'b'};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(data->load(i).label, kNoLabel);
        EXPECT_EQ(data->load(i).events.at(0).time_us, static_cast<std::uint32_t>(expected[i]));
    }
}

TEST(Events, RejectsBadPaths) {
    const TemporaryFolder folder;
    const auto error_of = [&](const std::string& name, const Shape& shape = {}) {
        return input_error([&] { open(folder / name, shape); });
    };
    for (const Shape& shape : {Shape{}, Shape{2, 8, 8}}) {
        expect_message(error_of("missing", shape), {folder / "missing", "No such file"});
        folder.write("cut.bin", {1, 2, 3});
        expect_message(error_of("cut.bin", shape), {folder / "cut.bin", "3 bytes", "multiple of 5"});
        folder.write("empty.bin", {});
        expect_message(error_of("empty.bin", shape), {folder / "empty.bin", "empty"});
    }
    std::filesystem::create_directory(folder.path() / "none");
    expect_message(error_of("none"), {folder / "none", "no *.bin or *.bs2 recordings", "class folders"});
    std::filesystem::create_directories(folder.path() / "hollow" / "3");
    expect_message(error_of("hollow"), {folder / "hollow/3", "no *.bin or *.bs2 recordings"});
    folder.write("named/x/a.bin", kRecording);
    expect_message(error_of("named"), {folder / "named/x", "not a class number", "events:"});
    folder.write("both/0/a.bin", kRecording);
    folder.write("both/b.bin", kRecording);
    expect_message(error_of("both"), {folder / "both", "1 recordings beside 1 folders", "class folders"});
    folder.write("damaged/a.bin", kRecording);
    folder.write("damaged/b.bin", {1});
    expect_message(error_of("damaged"), {folder / "damaged/b.bin", "1 bytes"});
    const auto lazy = open(folder / "damaged", {2, 16, 16});
    EXPECT_EQ(lazy->load(0).events.size(), 2u);
    expect_message(input_error([&] { lazy->load(1); }), {folder / "damaged/b.bin", "1 bytes"});
    expect_message(input_error([&] { lazy->default_steps(1.0); }), {folder / "damaged/b.bin", "1 bytes"});
}

TEST(Events, RealDvsGestures) {
    AXFIRE_NEEDS_REAL_DATA();
    const std::string root = testing::real_data() + "/dvs_gesture";
    // By numpy: events, ON events, sums of x, y and time.
    const std::uint64_t expected[][5] = {{63471, 32164, 3955662, 5423391, 47085651631},
                                         {151879, 77731, 6778651, 10571877, 107247556350},
                                         {141773, 70469, 9425396, 13256368, 103884372528}};
    for (const Shape& shape : {Shape{2, 128, 128}, Shape{}}) {
        const auto data = open(root, shape);
        ASSERT_EQ(data->size(), 3u);
        EXPECT_EQ(data->shape(), (Shape{2, 128, 128}));
        EXPECT_EQ(data->default_steps(1.0), 1450u);
        for (std::size_t i = 0; i < 3; ++i) {
            const Sample sample = data->load(i);
            EXPECT_EQ(sample.label, kNoLabel);
            std::uint64_t sums[5] = {};
            for (const Event& event : sample.events) {
                ++sums[0];
                sums[1] += event.index / (128 * 128);
                sums[2] += event.index % 128;
                sums[3] += event.index / 128 % 128;
                sums[4] += event.time_us;
            }
            for (std::size_t k = 0; k < 5; ++k) {
                EXPECT_EQ(sums[k], expected[i][k]) << i << ' ' << k;
            }
        }
    }
    EXPECT_EQ(open(root + "/4.bs2")->load(0).events.size(), 151879u);
    expect_message(input_error([&] { open(root + "/1.bs2", {2, 34, 34})->load(0); }), {"1.bs2", "outside", "34x34"});
}

TEST(Events, ReadsNmnistAsNmnistDoes) {
    AXFIRE_NEEDS_REAL_DATA();
    const std::string root = testing::real_data() + "/nmnist/Test";
    const auto expected = open_dataset("nmnist:" + root, {2, 34, 34});
    const auto data = open(root, {2, 34, 34});
    ASSERT_EQ(data->size(), expected->size());
    for (std::size_t i = 0; i < data->size(); ++i) {
        const Sample a = data->load(i);
        const Sample b = expected->load(i);
        ASSERT_EQ(a.label, b.label);
        ASSERT_TRUE(
            std::equal(a.events.begin(), a.events.end(), b.events.begin(), b.events.end(),
                       [](const Event& x, const Event& y) { return x.index == y.index && x.time_us == y.time_us; }));
    }
}

}  // namespace
}  // namespace axfire
