// SPDX-License-Identifier: Apache-2.0
#include <barrier>
#include <limits>
#include <thread>

#include "datasets/sample.h"
#include "tests/datasets/hdf5_files.h"
#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::half_type;
using testing::Hdf5Writer;
using testing::input_error;
using testing::TemporaryFolder;
using Shape = std::vector<std::size_t>;
using Times = std::vector<std::vector<double>>;
using Units = std::vector<std::vector<int>>;

std::unique_ptr<Dataset> open(const std::filesystem::path& file, const Shape& shape = {}) {
    return open_dataset("shd:" + file.string(), shape);
}

/// A file of these recordings; the types are those of the file.
struct ShdFile {
    Times times{{0.25, 0.5}, {}, {0.001}};
    Units units{{0, 699}, {}, {350}};
    std::vector<int> labels{19, 65535, 0};
    hid_t time_type = H5T_IEEE_F64LE;
    hid_t unit_type = H5T_STD_U16LE;
    hid_t label_type = H5T_STD_U16LE;

    std::filesystem::path write(const std::filesystem::path& path) const {
        Hdf5Writer(path)
            .group("/spikes")
            .lists("/spikes/times", times, H5T_NATIVE_DOUBLE, time_type)
            .lists("/spikes/units", units, H5T_NATIVE_INT, unit_type)
            .array("/labels", {labels.size()}, labels, H5T_NATIVE_INT, label_type);
        return path;
    }
};

TEST(Shd, ReadsSpikesOfEveryType) {
    const TemporaryFolder folder;
    const hid_t half = half_type();
    int number = 0;
    for (const hid_t time_type : {half, H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F32BE}) {
        for (const hid_t unit_type : {H5T_STD_U16LE, H5T_STD_I64LE, H5T_STD_I32BE, H5T_STD_U64LE}) {
            ShdFile file;
            file.times[2] = {0.125};
            file.time_type = time_type;
            file.unit_type = unit_type;
            file.label_type = H5T_STD_I64BE;
            const auto data = open(file.write(folder.path() / (std::to_string(number++) + ".h5")));
            ASSERT_EQ(data->size(), 3u);
            EXPECT_TRUE(data->has_events());
            EXPECT_EQ(data->shape(), (Shape{700}));
            EXPECT_EQ(data->default_steps(1.0), 501u);  // the last spike is at 500000 us
            const Sample first = data->load(0);
            EXPECT_EQ(first.label, 19);
            EXPECT_TRUE(first.values.empty());
            ASSERT_EQ(first.events.size(), 2u);
            EXPECT_EQ(first.events[0].time_us, 250'000u);
            EXPECT_EQ(first.events[0].index, 0u);
            EXPECT_EQ(first.events[1].time_us, 500'000u);
            EXPECT_EQ(first.events[1].index, 699u);
            EXPECT_EQ(data->load(1).label, kNoLabel);
            EXPECT_TRUE(data->load(1).events.empty());
            EXPECT_EQ(data->load(2).events.at(0).time_us, 125'000u);
            EXPECT_EQ(data->load(2).events.at(0).index, 350u);
            EXPECT_EQ(data->load(2).label, 0);
            expect_message(input_error([&] { data->load(3); }), {".h5", "no sample 3", "holds 3"});
        }
    }
    H5Tclose(half);
}

TEST(Shd, RoundsTimesToTheNearestMicrosecond) {
    const TemporaryFolder folder;
    ShdFile file;
    file.times = {{0.0, -0.0, 4.9e-7, 5.1e-7, 0x1.8p-20, 4294.967295, 1e-300, 0.1}};
    file.units = {std::vector<int>(8, 1)};
    file.labels = {1};
    const auto data = open(file.write(folder / "a.h5"));
    const std::uint32_t expected[] = {0, 0, 0, 1, 1, 4294967295u, 0, 100'000};
    const Sample sample = data->load(0);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(sample.events[i].time_us, expected[i]) << file.times[0][i];
    }
    EXPECT_EQ(data->default_steps(1.0), 4294968u);
}

TEST(Shd, RecordingsWithoutSpikesAreEncoded) {
    const TemporaryFolder folder;
    ShdFile file;
    file.times = {{}, {}};
    file.units = {{}, {}};
    file.labels = {0, 1};
    const auto data = open(file.write(folder / "a.h5"));
    EXPECT_EQ(data->default_steps(1.0), 0u);
    EncoderOptions options;
    options.encoding = Encoding::events;
    options.steps = 3;
    EXPECT_EQ(encode(data->load(1), 700, 1, options).step_begin, (std::vector<std::uint32_t>(4, 0)));
}

TEST(Shd, TakesTheShapeOfTheInputNode) {
    const TemporaryFolder folder;
    const auto path = ShdFile().write(folder / "a.h5");
    for (const Shape& fits : {Shape{700}, Shape{1, 700}, Shape{700, 1, 1}}) {
        EXPECT_EQ(open(path, fits)->shape(), fits);
    }
    for (const Shape& other : {Shape{2, 350}, Shape{701}, Shape{2, 34, 34}}) {
        EXPECT_EQ(open(path, other)->shape(), (Shape{700}));
    }
}

TEST(Shd, RejectsValuesOutOfRange) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.h5";
    const auto error_of = [&](const ShdFile& file, std::size_t i) {
        file.write(path);
        const auto data = open(path);
        return input_error([&] { data->load(i); });
    };
    EXPECT_EQ(error_of({}, 0), "");
    for (const double time : {-1e-9, -1.0, 4294.9672956, 1e30, std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        ShdFile file;
        file.times[0][1] = time;
        expect_message(error_of(file, 0), {path, "time ", "sample 0", "0 to 4294.967295 s"});
        expect_message(input_error([&] { open(path)->default_steps(1.0); }), {path, "time ", "sample 0"});
        EXPECT_EQ(error_of(file, 2), "");
    }
    for (const int unit : {700, 65535, -1}) {
        ShdFile file;
        file.units[2][0] = unit;
        file.unit_type = H5T_STD_I32LE;
        expect_message(error_of(file, 2), {path, "unit " + std::to_string(unit), "sample 2", "0 to 699"});
    }
    for (const int label : {20, 65534, 65536, -1}) {
        ShdFile file;
        file.labels[1] = label;
        file.label_type = H5T_STD_I32LE;
        expect_message(error_of(file, 1), {path, "label " + std::to_string(label), "sample 1", "0 to 19", "65535"});
    }
    ShdFile file;
    file.units[0].pop_back();
    expect_message(error_of(file, 0), {path, "sample 0", "2 times", "1 units"});
    file.units[0].clear();
    expect_message(error_of(file, 0), {path, "sample 0", "2 times", "0 units"});
}

TEST(Shd, RejectsFilesThatDoNotFit) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.h5";
    const auto open_error = [&] { return input_error([&] { open(path); }); };
    expect_message(open_error(), {path, "No such file"});
    folder.write("a.h5", {'h', 'i'});
    expect_message(open_error(), {path, "not an HDF5 file"});
    expect_message(input_error([&] { open(folder.path()); }), {"not a regular file"});
    ShdFile file;
    file.label_type = H5T_IEEE_F32LE;
    file.write(path);
    expect_message(open_error(), {path, "/labels", "integer"});
    file = {};
    file.labels.push_back(1);
    file.write(path);
    expect_message(open_error(), {path, "/labels", "[4]", "3 recordings", "[3]"});
    file = {};
    file.units.pop_back();
    file.write(path);
    expect_message(open_error(), {path, "/spikes/units", "[2]", "3 recordings", "[3]"});
    file = {};
    file.time_type = H5T_STD_I32LE;
    file.write(path);
    expect_message(open_error(), {path, "/spikes/times", "lists", "floats"});
    file = {};
    file.time_type = H5T_NATIVE_LDOUBLE;
    file.write(path);
    expect_message(open_error(), {path, "/spikes/times", "2, 4 or 8 bytes"});
    file = {};
    file.unit_type = H5T_IEEE_F32LE;
    file.write(path);
    expect_message(open_error(), {path, "/spikes/units", "lists", "integers"});
    file = {};
    file.times.clear();
    file.units.clear();
    file.labels.clear();
    file.write(path);
    expect_message(open_error(), {path, "/spikes/times", "[0]"});

    const Times times{{0.5}, {0.25}};
    const Units units{{1}, {2}};
    Hdf5Writer(path).floats("/input", {2}, {1, 2});
    expect_message(open_error(), {path, "/spikes/times", "shd: needs"});
    Hdf5Writer(path).group("/spikes").lists("/spikes/times", times, H5T_NATIVE_DOUBLE, H5T_IEEE_F64LE);
    expect_message(open_error(), {path, "/spikes/units", "shd: needs"});
    Hdf5Writer(path)
        .group("/spikes")
        .lists("/spikes/times", times, H5T_NATIVE_DOUBLE, H5T_IEEE_F64LE)
        .lists("/spikes/units", units, H5T_NATIVE_INT, H5T_STD_U16LE);
    expect_message(open_error(), {path, "/labels", "shd: needs"});
    Hdf5Writer(path).group("/spikes").floats("/spikes/times", {2, 3}, std::vector<float>(6));
    expect_message(open_error(), {path, "/spikes/times", "lists"});
    const hid_t list = H5Tvlen_create(H5T_NATIVE_DOUBLE);
    Hdf5Writer(path)
        .group("/spikes")
        .array("/spikes/times", {2, 1}, std::vector<hvl_t>(2, {0, nullptr}), list)
        .lists("/spikes/units", units, H5T_NATIVE_INT, H5T_STD_U16LE)
        .array("/labels", {2}, std::vector<int>(2), H5T_NATIVE_INT);
    H5Tclose(list);
    expect_message(open_error(), {path, "/spikes/times", "[2,1]", "[N]"});
}

TEST(Shd, AnImplausibleNumberOfRecordingsIsRefused) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.h5";
    {
        const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        const hsize_t shape[] = {hsize_t{1} << 40};
        const hsize_t chunk[] = {16};
        const hid_t space = H5Screate_simple(1, shape, nullptr);
        const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
        const hid_t times = H5Tvlen_create(H5T_IEEE_F32LE);
        const hid_t units = H5Tvlen_create(H5T_STD_U16LE);
        H5Pset_chunk(properties, 1, chunk);
        H5Gclose(H5Gcreate2(file, "/spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        H5Dclose(H5Dcreate2(file, "/spikes/times", times, space, H5P_DEFAULT, properties, H5P_DEFAULT));
        H5Dclose(H5Dcreate2(file, "/spikes/units", units, space, H5P_DEFAULT, properties, H5P_DEFAULT));
        H5Dclose(H5Dcreate2(file, "/labels", H5T_STD_U16LE, space, H5P_DEFAULT, properties, H5P_DEFAULT));
        H5Tclose(times);
        H5Tclose(units);
        H5Pclose(properties);
        H5Sclose(space);
        H5Fclose(file);
    }
    expect_message(input_error([&] { open(path); }), {path, "/spikes/times", "[1099511627776]", "bytes"});
}

TEST(Shd, TruncatedFileIsAnInputError) {
    const TemporaryFolder folder;
    ShdFile file;
    file.times[2].assign(4000, 0.5);
    file.units[2].assign(4000, 7);
    const testing::Bytes bytes = testing::read_bytes(file.write(folder / "a.h5"));
    for (const std::size_t kept : {bytes.size() - 1, bytes.size() / 2, std::size_t{1000}}) {
        const auto cut =
            folder.write("cut.h5", testing::Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept)));
        expect_message(input_error([&] {
                           const auto data = open(cut);
                           data->load(0);
                           data->load(2);
                       }),
                       {cut.string()});
    }
}

TEST(Shd, ThreadsReadTheSameSpikes) {
    const TemporaryFolder folder;
    ShdFile file;
    file.times.clear();
    file.units.clear();
    file.labels.clear();
    for (int i = 0; i < 50; ++i) {
        file.times.push_back(std::vector<double>(static_cast<std::size_t>(i), 0.001 * i));
        file.units.push_back(std::vector<int>(static_cast<std::size_t>(i), i));
        file.labels.push_back(i % 20);
    }
    const auto data = open(file.write(folder / "a.h5"));
    constexpr std::size_t kThreads = 4;
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    std::vector<int> wrong(kThreads, 0);
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            for (std::size_t round = 0; round < 500; ++round) {
                const std::size_t i = (round * 7 + t * 13) % 50;
                const Sample sample = data->load(i);
                wrong[t] += sample.events.size() != i || sample.label != static_cast<int>(i % 20);
                for (const Event& event : sample.events) {
                    wrong[t] += event.index != i || event.time_us != 1000 * i;
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
}

TEST(Shd, RealSpokenDigit) {
    AXFIRE_NEEDS_REAL_DATA();
    const auto data = open(testing::real_data() + "/shd/shd_layout_1sample.h5", {700});
    ASSERT_EQ(data->size(), 1u);
    const Sample sample = data->load(0);
    // By h5py and numpy: np.rint(times.astype(np.float64) * 1e6).
    EXPECT_EQ(sample.label, kNoLabel);
    ASSERT_EQ(sample.events.size(), 7088u);
    const std::pair<std::uint32_t, std::uint32_t> first[] = {{387, 5249}, {575, 5417}, {41, 6332}, {32, 7084}};
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(sample.events[i].index, first[i].first);
        EXPECT_EQ(sample.events[i].time_us, first[i].second);
    }
    std::uint64_t units = 0;
    std::uint64_t times = 0;
    for (const Event& event : sample.events) {
        units += event.index;
        times += event.time_us;
    }
    EXPECT_EQ(units, 3645923u);
    EXPECT_EQ(times, 2611227205u);
    EXPECT_EQ(data->default_steps(1.0), 789u);  // 788574 us
    EXPECT_EQ(data->default_steps(0.1), 7886u);
}

}  // namespace
}  // namespace axfire
