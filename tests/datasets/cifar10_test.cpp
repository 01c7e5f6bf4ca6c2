// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "datasets/sample.h"
#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::Bytes;
using testing::expect_message;
using testing::input_error;
using testing::TemporaryFolder;
using Shape = std::vector<std::size_t>;

constexpr std::size_t kRecord = 3073;

/// Records with these labels; pixel k of record i is (k + i) mod 256.
Bytes records(const std::vector<std::uint8_t>& labels) {
    Bytes bytes;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        bytes.push_back(labels[i]);
        for (std::size_t k = 0; k < kRecord - 1; ++k) {
            bytes.push_back(static_cast<std::uint8_t>(k + i));
        }
    }
    return bytes;
}

std::unique_ptr<Dataset> open(const std::filesystem::path& path, const Shape& shape = {}) {
    return open_dataset("cifar10:" + path.string(), shape);
}

TEST(Cifar10, ReadsPlanesOver255) {
    const TemporaryFolder folder;
    folder.write("test_batch.bin", records({9, 0, 3}));
    const auto data = open(folder.path());
    ASSERT_EQ(data->size(), 3u);
    EXPECT_FALSE(data->has_events());
    EXPECT_EQ(data->default_steps(1.0), 0u);
    EXPECT_EQ(data->shape(), (Shape{3, 32, 32}));
    const int labels[] = {9, 0, 3};
    for (std::size_t i = 0; i < 3; ++i) {
        const Sample sample = data->load(i);
        EXPECT_EQ(sample.label, labels[i]);
        EXPECT_EQ(sample.frames, 0u);
        ASSERT_EQ(sample.values.size(), 3072u);
        for (std::size_t k = 0; k < 3072; ++k) {
            ASSERT_EQ(sample.values[k], static_cast<float>(static_cast<double>((k + i) % 256) / 255.0));
        }
    }
}

TEST(Cifar10, TakesTheBatchesThatAreThereInOrder) {
    const TemporaryFolder folder;
    folder.write("data_batch_4.bin", records({4, 4}));
    folder.write("data_batch_1.bin", records({1}));
    folder.write("data_batch_3.bin", records({3, 2, 1}));
    folder.write("data_batch_6.bin", records({6}));
    folder.write("test_batch.bin", records({9}));
    const auto data = open(folder / "" + ":train");
    std::vector<int> labels;
    for (std::size_t i = 0; i < data->size(); ++i) {
        labels.push_back(data->load(i).label);
    }
    EXPECT_EQ(labels, (std::vector<int>{1, 3, 2, 1, 4, 4}));
    EXPECT_EQ(open(folder / "" + ":test")->load(0).label, 9);
    EXPECT_EQ(open(folder / "data_batch_3.bin")->size(), 3u);
    EXPECT_EQ(open(folder / "data_batch_6.bin")->load(0).label, 6);
}

TEST(Cifar10, TakesTheShapeOfTheInputNode) {
    const TemporaryFolder folder;
    folder.write("test_batch.bin", records({1}));
    for (const Shape& fits : {Shape{3, 32, 32}, Shape{3072}, Shape{1, 3, 32, 32}, Shape{3, 1024}, Shape{96, 32}}) {
        EXPECT_EQ(open(folder.path(), fits)->shape(), fits);
    }
    for (const Shape& other : {Shape{32, 32, 3}, Shape{1, 28, 28}, Shape{3071}}) {
        EXPECT_EQ(open(folder.path(), other)->shape(), (Shape{3, 32, 32}));
    }
}

TEST(Cifar10, RejectsBadFiles) {
    const TemporaryFolder folder;
    const auto error_with = [&](const Bytes& bytes) {
        folder.write("test_batch.bin", bytes);
        return input_error([&] { open(folder.path()); });
    };
    const std::string file = folder / "test_batch.bin";
    const Bytes good = records({1, 2});
    EXPECT_EQ(error_with(good), "");
    expect_message(error_with(Bytes(good.begin(), good.end() - 1)),
                   {file, "6145 bytes", "multiple of 3073", "truncated", "binary version"});
    expect_message(error_with(Bytes(3074 * 2)), {file, "6148 bytes", "3073"});  // CIFAR-100 has two labels
    expect_message(error_with({}), {file, "empty", "3073"});
    expect_message(error_with(records({1, 10})), {file, "label 10", "record 1", "0 to 9", "binary version"});
    std::vector<std::uint8_t> labels(200, 5);  // beyond the first piece that is read
    labels[190] = 255;
    expect_message(error_with(records(labels)), {file, "label 255", "record 190"});
    folder.write("data_batch_1.bin", records({1}));
    folder.write("data_batch_2.bin", {1, 2, 3});
    expect_message(input_error([&] { open(folder / "" + ":train"); }), {folder / "data_batch_2.bin", "3 bytes"});
    expect_message(input_error([&] { open(folder / "data_batch_1.bin:train"); }),
                   {folder / "data_batch_1.bin", "no split", ":train"});
}

TEST(Cifar10, NamesWhatIsMissing) {
    const TemporaryFolder folder;
    expect_message(input_error([&] { open(folder.path()); }),
                   {folder.path().string(), "test_batch.bin", "cifar10: takes DIR"});
    expect_message(input_error([&] { open(folder / "" + ":train"); }),
                   {folder.path().string(), "data_batch_1.bin", "data_batch_5.bin", "cifar10: takes DIR"});
    expect_message(input_error([&] { open("/no/such:folder"); }),
                   {"/no/such:folder", "no such folder or file", "cifar10: takes DIR"});
    std::filesystem::create_directory(folder.path() / "test_batch.bin");
    expect_message(input_error([&] { open(folder.path()); }), {folder / "test_batch.bin", "not a regular file"});
}

/// Sums over the pixels of each plane.
std::vector<std::uint64_t> plane_sums(const Dataset& data) {
    std::vector<std::uint64_t> sums(3);
    for (std::size_t i = 0; i < data.size(); ++i) {
        const std::vector<float> values = data.load(i).values;
        for (std::size_t k = 0; k < values.size(); ++k) {
            sums[k / 1024] += static_cast<std::uint64_t>(values[k] * 255.0f + 0.5f);
        }
    }
    return sums;
}

TEST(Cifar10, RealTestAndTrainSets) {
    AXFIRE_NEEDS_REAL_DATA();
    // By numpy: np.fromfile(f, np.uint8).reshape(-1, 3073).
    struct Expected {
        const char* split;
        std::size_t size;
        std::vector<int> labels;
        std::vector<std::uint64_t> sums;
        std::vector<int> first, last;
    };
    for (const Expected& expected : {Expected{"test",
                                              1000,
                                              {3, 8, 8, 0, 6, 6, 1, 6, 3, 1},
                                              {129709978, 127077761, 117772592},
                                              {158, 159, 165, 166},
                                              {85, 103, 131}},
                                     Expected{"train",
                                              4000,
                                              {6, 9, 9, 4, 1, 1, 2, 7, 8, 3},
                                              {513462905, 503187932, 464435031},
                                              {59, 43, 50, 68},
                                              {54, 49, 57}}}) {
        const auto data = open_dataset("cifar10:" + testing::real_data() + "/cifar10:" + expected.split, {3, 32, 32});
        ASSERT_EQ(data->size(), expected.size);
        for (std::size_t i = 0; i < expected.labels.size(); ++i) {
            EXPECT_EQ(data->load(i).label, expected.labels[i]);
        }
        EXPECT_EQ(plane_sums(*data), expected.sums);
        const std::vector<float> first = data->load(0).values;
        for (std::size_t k = 0; k < expected.first.size(); ++k) {
            EXPECT_EQ(first[k], static_cast<float>(expected.first[k]) / 255.0f);
        }
        const std::vector<float> last = data->load(data->size() - 1).values;
        for (std::size_t k = 0; k < expected.last.size(); ++k) {
            EXPECT_EQ(last[last.size() - 3 + k], static_cast<float>(expected.last[k]) / 255.0f);
        }
    }
}

}  // namespace
}  // namespace axfire
