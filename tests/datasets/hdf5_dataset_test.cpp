// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <barrier>
#include <bit>
#include <limits>
#include <numeric>
#include <thread>

#include "datasets/hdf5_lock.h"
#include "datasets/sample.h"
#include "datasets/shapes.h"
#include "tests/datasets/hdf5_files.h"
#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::half_type;
using testing::input_error;
using testing::TemporaryFolder;
using Writer = testing::Hdf5Writer;
using Shape = std::vector<std::size_t>;

std::vector<float> ramp(std::size_t count) {
    std::vector<float> values(count);
    std::iota(values.begin(), values.end(), 0.5f);
    return values;
}

std::unique_ptr<Dataset> open(const std::filesystem::path& file, const Shape& shape) {
    return open_dataset("hdf5:" + file.string(), shape);
}

TEST(Hdf5Dataset, ReadsSamplesWithAndWithoutTimeAxis) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.h5";
    const std::vector<float> values = ramp(3 * 4 * 2 * 5);
    Writer(file)
        .floats("/input", {3, 4, 2, 5}, values)
        .array("/labels", {3}, std::vector<int>{7, -1, 70000}, H5T_NATIVE_INT);
    const auto framed = open(file, {2, 5});
    const auto whole = open(file, {4, 2, 5});
    EXPECT_EQ(framed->size(), 3u);
    EXPECT_EQ(framed->shape(), (Shape{2, 5}));
    EXPECT_EQ(whole->shape(), (Shape{4, 2, 5}));
    EXPECT_EQ(open(file, {})->shape(), (Shape{4, 2, 5}));
    EXPECT_FALSE(framed->has_events());
    EXPECT_EQ(framed->default_steps(1.0), 4u);
    EXPECT_EQ(whole->default_steps(1.0), 0u);
    const int labels[] = {7, kNoLabel, 70000};
    for (std::size_t i = 0; i < 3; ++i) {
        const std::vector<float> expected(values.begin() + 40 * static_cast<int>(i),
                                          values.begin() + 40 * static_cast<int>(i + 1));
        EXPECT_EQ(framed->load(i).values, expected);
        EXPECT_EQ(framed->load(i).frames, 4u);
        EXPECT_EQ(framed->load(i).label, labels[i]);
        EXPECT_EQ(whole->load(i).values, expected);
        EXPECT_EQ(whole->load(i).frames, 0u);
    }
    expect_message(input_error([&] { framed->load(3); }), {file.string(), "no sample 3"});
}

TEST(Hdf5Dataset, LabelsAreOptional) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.h5";
    Writer(file).floats("/input", {2, 3}, ramp(6));
    EXPECT_EQ(open(file, {3})->load(1).label, kNoLabel);
}

TEST(Hdf5Dataset, ConvertsEveryNumericType) {
    const TemporaryFolder folder;
    const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8);  // as h5py stores numpy.bool_
    for (const std::int8_t value : {0, 1}) {
        H5Tenum_insert(boolean, value == 0 ? "FALSE" : "TRUE", &value);
    }
    const hid_t half = half_type();
    const std::vector<double> values{0, 1, 1, 0};
    int number = 0;
    for (const hid_t type : {H5T_STD_U8LE, H5T_STD_I16BE, H5T_STD_I32LE, H5T_STD_U64LE, H5T_IEEE_F64BE, H5T_IEEE_F32LE,
                             H5T_NATIVE_LDOUBLE, half}) {
        const auto file = folder.path() / (std::to_string(number++) + ".h5");
        Writer(file).array("/input", {1, 4}, values, H5T_NATIVE_DOUBLE, type);
        EXPECT_EQ(open(file, {4})->load(0).values, (std::vector<float>{0, 1, 1, 0})) << number;
    }
    const auto file = folder.path() / "bool.h5";
    Writer(file).array("/input", {1, 4}, std::vector<std::int8_t>{0, 1, 1, 0}, boolean);
    EXPECT_EQ(open(file, {4})->load(0).values, (std::vector<float>{0, 1, 1, 0}));
    H5Tclose(boolean);
    H5Tclose(half);
}

TEST(Hdf5Dataset, RoundsDoublesToNearestAndMakesNanCanonical) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.h5";
    const double nan_with_payload = std::bit_cast<double>(0xFFF0000000000001u);
    const std::vector<double> values{0.1, 1.0 + 0x1p-24, 1.0 + 0x1.8p-23, 1e-45, -0.0, 1e300, nan_with_payload};
    Writer(file).array("/input", {1, values.size()}, values, H5T_NATIVE_DOUBLE);
    const std::vector<float> read = open(file, {values.size()})->load(0).values;
    const std::vector<float> expected{0.1f,      1.0f,  1.0f + 0x1p-22f,
                                      0x1p-149f, -0.0f, std::numeric_limits<float>::infinity()};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(std::bit_cast<std::uint32_t>(read[i]), std::bit_cast<std::uint32_t>(expected[i])) << values[i];
    }
    EXPECT_EQ(std::bit_cast<std::uint32_t>(read.back()), 0x7fc00000u);
    const auto singles = folder.path() / "f.h5";
    Writer(singles).floats("/input", {1, 2}, {std::bit_cast<float>(0xFF800001u), std::bit_cast<float>(0x7FFFFFFFu)});
    for (const float value : open(singles, {2})->load(0).values) {
        EXPECT_EQ(std::bit_cast<std::uint32_t>(value), 0x7fc00000u);
    }
}

TEST(Hdf5Dataset, RejectsFilesThatDoNotFit) {
    const TemporaryFolder folder;
    const auto path = [&](const char* name) { return folder.path() / name; };
    const auto error_of = [&](const std::filesystem::path& file, const Shape& shape) {
        return input_error([&] { open(file, shape); });
    };
    expect_message(error_of(path("missing.h5"), {3}), {path("missing.h5").string(), "No such file"});
    expect_message(error_of(folder.write("text.h5", {'h', 'i'}), {3}), {path("text.h5").string(), "not an HDF5 file"});
    expect_message(error_of(folder.path(), {3}), {"not a regular file"});
    Writer(path("other.h5")).floats("/data", {2, 3}, ramp(6));
    expect_message(error_of(path("other.h5"), {3}), {path("other.h5").string(), "/input"});
    Writer(path("shape.h5")).floats("/input", {2, 3, 4}, ramp(24));
    for (const Shape& shape : {Shape{4, 3}, Shape{12}, Shape{3}, Shape{2, 3, 4}, Shape{1, 4}}) {
        expect_message(error_of(path("shape.h5"), shape),
                       {path("shape.h5").string(), "[2,3,4]", datasets::shape_text(shape)});
    }
    EXPECT_EQ(error_of(path("shape.h5"), {4}), "");
    Writer(path("empty.h5")).floats("/input", {0, 3}, {});
    expect_message(error_of(path("empty.h5"), {3}), {path("empty.h5").string(), "[0,3]", "no values"});
    Writer(path("no_frames.h5")).floats("/input", {2, 0, 3}, {});
    expect_message(error_of(path("no_frames.h5"), {3}), {"[2,0,3]", "no values"});
    Writer(path("labels.h5"))
        .floats("/input", {2, 3}, ramp(6))
        .array("/labels", {3}, std::vector<int>{1, 2, 3}, H5T_NATIVE_INT);
    expect_message(error_of(path("labels.h5"), {3}),
                   {path("labels.h5").string(), "/labels", "[3]", "2 samples", "[2]"});
    Writer(path("column.h5"))
        .floats("/input", {2, 3}, ramp(6))
        .array("/labels", {2, 1}, std::vector<int>{1, 2}, H5T_NATIVE_INT);
    expect_message(error_of(path("column.h5"), {3}), {"/labels", "[2,1]"});
    Writer(path("float_labels.h5")).floats("/input", {2, 3}, ramp(6)).floats("/labels", {2}, ramp(2));
    expect_message(error_of(path("float_labels.h5"), {3}), {"/labels", "integer"});
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    Writer(path("strings.h5")).array("/input", {2, 3}, std::vector<char>(24, 'a'), text);
    H5Tclose(text);
    expect_message(error_of(path("strings.h5"), {3}), {path("strings.h5").string(), "/input", "not numeric"});
    Writer(path("range.h5"))
        .floats("/input", {2, 3}, ramp(6))
        .array("/labels", {2}, std::vector<std::uint64_t>{std::uint64_t{1} << 31, ~std::uint64_t{0}},
               H5T_NATIVE_UINT64);
    for (const std::size_t i : {0, 1}) {
        expect_message(input_error([&] { open(path("range.h5"), {3})->load(i); }),
                       {path("range.h5").string(), "label"});
    }
}

TEST(Hdf5Dataset, TruncatedFileIsAnInputError) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.h5";
    Writer(file).floats("/input", {100, 50}, ramp(5000));
    const testing::Bytes bytes = testing::read_bytes(file);
    const auto cut = folder.write("cut.h5", testing::Bytes(bytes.begin(), bytes.end() - 4000));
    expect_message(input_error([&] { open(cut, {50})->load(99); }), {cut.string()});
}

TEST(Hdf5Dataset, AnImplausiblyLargeSampleIsRefusedBeforeItIsAllocated) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.h5";
    {
        const hid_t handle = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        const hsize_t shape[] = {1, 1000000, 1000000};
        const hsize_t chunk[] = {1, 10, 10};
        const hid_t space = H5Screate_simple(3, shape, nullptr);
        const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_chunk(properties, 3, chunk);
        H5Dclose(H5Dcreate2(handle, "/input", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, properties, H5P_DEFAULT));
        H5Pclose(properties);
        H5Sclose(space);
        H5Fclose(handle);
    }
    expect_message(input_error([&] { open(file, {1000000}); }), {file.string(), "[1,1000000,1000000]", "at most"});
}

TEST(Hdf5Dataset, ThreadsReadTheSameValues) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.h5";
    const std::vector<float> values = ramp(64 * 33);
    Writer(file).floats("/input", {64, 33}, values);
    const auto data = open(file, {33});
    constexpr std::size_t kThreads = 4;
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    std::vector<int> wrong(kThreads, 0);
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            for (std::size_t i = 0; i < 1000; ++i) {
                const std::size_t sample = (i * 7 + t * 13) % 64;
                const std::vector<float> read = data->load(sample).values;
                wrong[t] += !std::equal(read.begin(), read.end(), values.begin() + static_cast<int>(sample * 33));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
}

TEST(Hdf5Lock, RestoresTheErrorHandler) {
    H5E_auto2_t before = nullptr;
    H5E_auto2_t inside = nullptr;
    H5E_auto2_t after = nullptr;
    void* data = nullptr;
    H5Eget_auto2(H5E_DEFAULT, &before, &data);
    {
        const Hdf5Lock lock;
        const Hdf5Lock nested;
        H5Eget_auto2(H5E_DEFAULT, &inside, &data);
    }
    H5Eget_auto2(H5E_DEFAULT, &after, &data);
    EXPECT_EQ(inside, nullptr);
    EXPECT_NE(before, nullptr);
    EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace axfire
