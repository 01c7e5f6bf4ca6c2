// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <numeric>

#include "datasets/sample.h"
#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::input_error;
using testing::TemporaryFolder;

const testing::Bytes kOneEvent{1, 2, 0x80, 0, 7};

TEST(Nmnist, SortsByLabelNumberThenFileName) {
    const TemporaryFolder folder;
    for (const char* name : {"10/a.bin", "2/b.bin", "2/a.bin", "2/notes.txt", "0/z.bin", "README", ".cache/x"}) {
        const auto x = static_cast<std::uint8_t>(std::string(name).front() - '.');
        folder.write(name, {x, 0, 0, 0, static_cast<std::uint8_t>(name[2])});
    }
    const auto data = open_dataset("nmnist:" + folder.path().string(), {});
    ASSERT_EQ(data->size(), 4u);
    EXPECT_TRUE(data->has_events());
    EXPECT_EQ(data->shape(), (std::vector<std::size_t>{2, 34, 34}));
    const std::pair<int, char> expected[] = {{0, 'z'}, {2, 'a'}, {2, 'b'}, {10, '/'}};
    for (std::size_t i = 0; i < 4; ++i) {
        const Sample sample = data->load(i);
        EXPECT_EQ(sample.label, expected[i].first);
        ASSERT_EQ(sample.events.size(), 1u);
        EXPECT_EQ(sample.events[0].time_us, static_cast<std::uint32_t>(expected[i].second));
        EXPECT_TRUE(sample.values.empty());
    }
}

TEST(Nmnist, DefaultStepsCover340Ms) {
    const TemporaryFolder folder;
    folder.write("0/a.bin", kOneEvent);
    const auto data = open_dataset("nmnist:" + folder.path().string(), {});
    EXPECT_EQ(data->default_steps(1.0), 340u);
    EXPECT_EQ(data->default_steps(0.1), 3400u);
    EXPECT_EQ(data->default_steps(0.7), 486u);  // 485.7
    EXPECT_EQ(data->default_steps(1000.0), 1u);
    for (const double dt : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 1e-10, 1e300}) {
        expect_message(input_error([&] { data->default_steps(dt); }), {"dt = "});
    }
    expect_message(input_error([&] { data->default_steps(1e-9); }), {"steps", "4294967294"});
}

TEST(Nmnist, TakesTheShapeOfTheInputNodeWhereTheOrderStays) {
    const TemporaryFolder folder;
    folder.write("0/a.bin", kOneEvent);
    using Shape = std::vector<std::size_t>;
    const Shape native{2, 34, 34};
    for (const Shape& fits :
         {native, Shape{2312}, Shape{2, 1156}, Shape{68, 34}, Shape{1, 2, 34, 1, 34}, Shape{2312, 1}}) {
        EXPECT_EQ(open_dataset("nmnist:" + folder.path().string(), fits)->shape(), fits);
    }
    for (const Shape& other :
         {Shape{1, 28, 28}, Shape{34, 34, 2}, Shape{4, 17, 34}, Shape{2, 34}, Shape{2, 34, 34, 2}, Shape{0}, Shape{}}) {
        EXPECT_EQ(open_dataset("nmnist:" + folder.path().string(), other)->shape(), native);
    }
}

TEST(Nmnist, RejectsBadFolders) {
    const TemporaryFolder folder;
    const auto open = [&](const std::string& name) {
        return input_error([&] { open_dataset("nmnist:" + (folder.path() / name).string(), {}); });
    };
    expect_message(open("missing"), {(folder.path() / "missing").string(), "No such file"});
    std::filesystem::create_directory(folder.path() / "empty");
    expect_message(open("empty"), {(folder.path() / "empty").string(), "no class folders"});
    std::filesystem::create_directories(folder.path() / "hollow" / "3");
    expect_message(open("hollow"), {(folder.path() / "hollow" / "3").string(), "no *.bin"});
    for (const char* name : {"Test", "3x", "-3", "+3", " 3", "99999999999"}) {
        const std::string parent = std::string("named_") + name;
        folder.write(parent + "/" + name + "/a.bin", kOneEvent);
        expect_message(open(parent), {(folder.path() / parent / name).string(), "not a class number"});
    }
    expect_message(open(folder.write("file", kOneEvent).filename()), {"Not a directory"});
    folder.write("cut/7/a.bin", {1, 2, 3});
    const auto data = open_dataset("nmnist:" + (folder.path() / "cut").string(), {});
    expect_message(input_error([&] { data->load(0); }), {(folder.path() / "cut/7/a.bin").string(), "3 bytes"});
}

/// Number of events and sums over them of x, y, ON and time, straight from the definition of a record.
struct Sums {
    std::uint64_t events = 0, x = 0, y = 0, on = 0, time_us = 0;
    bool operator==(const Sums&) const = default;
};

Sums sums_of_file(const std::filesystem::path& path) {
    Sums sums;
    const testing::Bytes bytes = testing::read_bytes(path);
    for (std::size_t i = 0; i + 5 <= bytes.size(); i += 5) {
        ++sums.events;
        sums.x += bytes[i];
        sums.y += bytes[i + 1];
        sums.on += bytes[i + 2] / 128;
        sums.time_us += bytes[i + 2] % 128 * 65536u + bytes[i + 3] * 256u + bytes[i + 4];
    }
    return sums;
}

Sums sums_of_events(const std::vector<Event>& events) {
    Sums sums;
    for (const Event& event : events) {
        ++sums.events;
        sums.x += event.index % 34;
        sums.y += event.index / 34 % 34;
        sums.on += event.index / (34 * 34);
        sums.time_us += event.time_us;
    }
    return sums;
}

TEST(Nmnist, RealRecordingsAreReadWhole) {
    AXFIRE_NEEDS_REAL_DATA();
    const std::filesystem::path root = std::filesystem::path(testing::real_data()) / "nmnist";
    // Totals made with numpy: np.fromfile(f, np.uint8).reshape(-1, 5).
    struct Expected {
        const char* part;
        std::size_t samples;
        std::uint64_t events, on;
    };
    for (const Expected& expected : {Expected{"Test", 50, 183168, 90737}, Expected{"Train", 800, 3281009, 1635068}}) {
        const auto data = open_dataset("nmnist:" + (root / expected.part).string(), {2, 34, 34});
        ASSERT_EQ(data->size(), expected.samples);
        std::vector<std::filesystem::path> files;
        for (int label = 0; label < 10; ++label) {
            std::vector<std::filesystem::path> of_label;
            if (std::filesystem::exists(root / expected.part / std::to_string(label))) {
                for (const auto& file :
                     std::filesystem::directory_iterator(root / expected.part / std::to_string(label))) {
                    of_label.push_back(file.path());
                }
            }
            std::sort(of_label.begin(), of_label.end());
            files.insert(files.end(), of_label.begin(), of_label.end());
        }
        ASSERT_EQ(files.size(), expected.samples);
        Sums total;
        for (std::size_t i = 0; i < data->size(); ++i) {
            const Sample sample = data->load(i);
            const Sums sums = sums_of_events(sample.events);
            ASSERT_EQ(sums, sums_of_file(files[i])) << files[i];
            ASSERT_EQ(std::to_string(sample.label), files[i].parent_path().filename().string());
            total.events += sums.events;
            total.on += sums.on;
        }
        EXPECT_EQ(total.events, expected.events);
        EXPECT_EQ(total.on, expected.on);
    }
    // Test/0/00004.bin, by numpy.
    const auto data = open_dataset("nmnist:" + (root / "Test").string(), {});
    EXPECT_EQ(sums_of_events(data->load(0).events), (Sums{5293, 87144, 88985, 2589, 806746125}));
}

TEST(Nmnist, RealRecordingEncodesToTheSameEvents) {
    AXFIRE_NEEDS_REAL_DATA();
    const auto data = open_dataset("nmnist:" + testing::real_data() + "/nmnist/Test", {});
    EncoderOptions options;
    options.encoding = Encoding::events;
    options.steps = data->default_steps(options.dt_ms);
    for (std::size_t i = 0; i < data->size(); ++i) {
        const Sample sample = data->load(i);
        std::map<std::pair<std::uint32_t, std::uint32_t>, float> expected;  // (step, index) -> events
        for (const Event& event : sample.events) {
            expected[{event.time_us / 1000, event.index}] += 1.0f;
        }
        for (const BinEvents bin_events : {BinEvents::count, BinEvents::binary}) {
            options.bin_events = bin_events;
            const EncodedSample encoded = encode(sample, 2312, i, options);
            EXPECT_EQ(encoded.label, sample.label);
            EXPECT_EQ(encoded.dropped, 0u);
            ASSERT_EQ(encoded.index.size(), expected.size());
            ASSERT_EQ(encoded.step_begin.size(), 341u);
            auto next = expected.begin();
            for (std::uint32_t step = 0; step < encoded.steps; ++step) {
                for (std::uint32_t s = encoded.step_begin[step]; s < encoded.step_begin[step + 1]; ++s, ++next) {
                    ASSERT_EQ(std::pair(step, encoded.index[s]), next->first);
                    ASSERT_EQ(encoded.amplitude[s], bin_events == BinEvents::count ? next->second : 1.0f);
                }
            }
        }
    }
}

}  // namespace
}  // namespace axfire
