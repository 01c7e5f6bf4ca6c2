// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <numeric>

#include "datasets/idx.h"
#include "datasets/sample.h"
#include "tests/datasets/idx_files.h"
#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::Bytes;
using testing::expect_message;
using testing::gzip;
using testing::idx;
using testing::input_error;
using testing::TemporaryFolder;

constexpr const char* kImages = "t10k-images-idx3-ubyte";
constexpr const char* kLabels = "t10k-labels-idx1-ubyte";

/// Two images of 2x3 pixels.
Bytes small_images() {
    return idx({2, 2, 3}, {0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255});
}
Bytes small_labels() {
    return idx({2}, {9, 0});
}

std::unique_ptr<Dataset> open(const TemporaryFolder& folder, const std::vector<std::size_t>& shape = {}) {
    return open_dataset("mnist:" + folder.path().string(), shape);
}

TEST(Mnist, ReadsPixelsOver255) {
    const TemporaryFolder folder;
    folder.write(kImages, small_images());
    folder.write(kLabels, small_labels());
    const auto data = open(folder);
    ASSERT_EQ(data->size(), 2u);
    EXPECT_FALSE(data->has_events());
    EXPECT_EQ(data->default_steps(1.0), 0u);
    EXPECT_EQ(data->shape(), (std::vector<std::size_t>{1, 2, 3}));
    EXPECT_EQ(data->load(0).label, 9);
    EXPECT_EQ(data->load(1).label, 0);
    const Sample sample = data->load(1);
    EXPECT_EQ(sample.frames, 0u);
    ASSERT_EQ(sample.values.size(), 6u);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(sample.values[i], static_cast<float>((250 + i) / 255.0));  // no double rounding here: 53 >= 2*24+2
    }
    EXPECT_EQ(sample.values[5], 1.0f);
}

TEST(Mnist, TakesTheShapeOfTheInputNode) {
    const TemporaryFolder folder;
    folder.write(kImages, small_images());
    folder.write(kLabels, small_labels());
    using Shape = std::vector<std::size_t>;
    for (const Shape& fits : {Shape{2, 3}, Shape{1, 2, 3}, Shape{6}, Shape{1, 6}}) {
        EXPECT_EQ(open(folder, fits)->shape(), fits);
    }
    for (const Shape& other : {Shape{3, 2}, Shape{7}, Shape{2, 2, 3}}) {
        EXPECT_EQ(open(folder, other)->shape(), (Shape{1, 2, 3}));
    }
}

TEST(Mnist, AcceptsEverySpellingPlainAndCompressed) {
    for (const char* spelling : {"-idx#-ubyte", "-idx#.ubyte", ".idx#-ubyte", ".idx#.ubyte"}) {
        for (const bool compressed : {false, true}) {
            const TemporaryFolder folder;
            const auto name = [&](std::string stem, int axes) {
                stem.append(spelling).append(compressed ? ".gz" : "");
                return stem.replace(stem.find('#'), 1, 1, static_cast<char>('0' + axes));
            };
            folder.write(name("train-images", 3), compressed ? gzip(small_images()) : small_images());
            folder.write(name("train-labels", 1), compressed ? gzip(small_labels()) : small_labels());
            const auto data = open_dataset("mnist:" + folder.path().string() + ":train", {});
            EXPECT_EQ(data->load(1).values.back(), 1.0f) << name("train-images", 3);
            expect_message(input_error([&] { open(folder); }), {folder.path().string(), kImages, ".gz"});
        }
    }
}

/// Opens a folder with these two files and returns the error's text.
std::string error_with(const Bytes& images, const Bytes& labels, const TemporaryFolder& folder) {
    folder.write(kImages, images);
    folder.write(kLabels, labels);
    return input_error([&] { open(folder); });
}

TEST(Mnist, RejectsBadFiles) {
    const TemporaryFolder folder;
    const std::string images = (folder.path() / kImages).string();
    const std::string labels = (folder.path() / kLabels).string();
    const Bytes good = small_images();
    const auto changed = [&](std::size_t at, std::uint8_t value) {
        Bytes bytes = good;
        bytes[at] = value;
        return bytes;
    };
    EXPECT_EQ(error_with(good, small_labels(), folder), "");
    expect_message(error_with(changed(3, 1), small_labels(), folder), {images, "magic", "0x00000801", "0x00000803"});
    expect_message(error_with(changed(2, 0x0D), small_labels(), folder), {images, "magic", "0x00000d03"});
    expect_message(error_with(Bytes(good.begin(), good.end() - 1), small_labels(), folder),
                   {images, "truncated", "12", "11"});
    expect_message(error_with(Bytes(good.begin(), good.begin() + 15), small_labels(), folder),
                   {images, "15 bytes", "16"});
    expect_message(error_with({}, small_labels(), folder), {images, "0 bytes"});
    Bytes longer = good;
    longer.push_back(0);
    expect_message(error_with(longer, small_labels(), folder), {images, "goes on after", "12"});
    expect_message(error_with(changed(7, 3), small_labels(), folder), {images, "truncated", "18"});
    expect_message(error_with(changed(7, 0), small_labels(), folder), {images, "0 images"});
    expect_message(error_with(changed(11, 0), small_labels(), folder), {images, "0x3"});
    // 2^32 - 1 images of 65535 x 65535 (a product near 2^64) and of 2^32 - 1 x 2^32 - 1 (beyond it): nothing is
    // allocated.
    const Bytes huge = idx({0xFFFFFFFF, 65535, 65535}, {1, 2, 3});
    expect_message(error_with(huge, small_labels(), folder), {images, "truncated", "holds 3"});
    expect_message(error_with(idx({1, 0xFFFFFFFF, 0xFFFFFFFF}, {1, 2, 3}), small_labels(), folder), {images, "65535"});
    expect_message(error_with(good, idx({2}, {9, 10}), folder), {labels, "label 10", "sample 1", "0 to 9"});
    expect_message(error_with(good, idx({3}, {1, 2, 3}), folder), {labels, "3 labels", "2 images", images});
    expect_message(error_with(good, idx({3}, {1, 2}), folder), {labels, "truncated"});
    expect_message(error_with(good, idx({1}, {1, 2}), folder), {labels, "goes on after"});
    expect_message(error_with(good, good, folder), {labels, "magic", "0x00000803"});
}

TEST(Mnist, RejectsDamagedGzip) {
    const TemporaryFolder folder;
    folder.write(kLabels, small_labels());
    const Bytes packed = gzip(small_images());
    const auto error_of = [&](const Bytes& bytes) {
        folder.write(std::string(kImages) + ".gz", bytes);
        return input_error([&] { open(folder); });
    };
    const std::string file = (folder.path() / kImages).string() + ".gz";
    EXPECT_EQ(error_of(packed), "");
    for (std::size_t kept = 0; kept < packed.size(); ++kept) {
        expect_message(error_of(Bytes(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(kept))), {file});
    }
    Bytes bad_checksum = packed;
    bad_checksum[bad_checksum.size() - 6] ^= 1;
    expect_message(error_of(bad_checksum), {file, "damaged"});
    Bytes followed = packed;
    followed.insert(followed.end(), {'j', 'u', 'n', 'k'});
    EXPECT_EQ(error_of(followed), "");  // as gzip itself does
    Bytes twice = packed;
    twice.insert(twice.end(), packed.begin(), packed.end());
    expect_message(error_of(twice), {file, "goes on after"});
}

TEST(Mnist, NamesWhatIsMissing) {
    const TemporaryFolder folder;
    expect_message(input_error([&] { open(folder); }), {folder.path().string(), kImages, "mnist: takes DIR"});
    folder.write(kImages, small_images());
    expect_message(input_error([&] { open(folder); }), {folder.path().string(), kLabels});
    expect_message(input_error([&] { open_dataset("mnist:/no/such:folder", {}); }),
                   {"/no/such:folder", "not a folder"});
    expect_message(input_error([&] { open_dataset("fashion-mnist:/no/such", {}); }),
                   {"/no/such", "dataset-fashion-mnist"});
}

/// Sum of all pixels and of the first and last image.
std::vector<std::uint64_t> pixel_sums(const Dataset& data) {
    std::vector<std::uint64_t> sums(3);
    for (std::size_t i = 0; i < data.size(); ++i) {
        std::uint64_t sum = 0;
        for (const float value : data.load(i).values) {
            const float pixel = value * 255.0f;
            sum += static_cast<std::uint64_t>(pixel + 0.5f);
        }
        sums[0] += sum;
        sums[1] = i == 0 ? sum : sums[1];
        sums[2] = sum;
    }
    return sums;
}

std::vector<int> first_labels(const Dataset& data) {
    std::vector<int> labels;
    for (std::size_t i = 0; i < 10; ++i) {
        labels.push_back(data.load(i).label);
    }
    return labels;
}

// The sums below were made with numpy: np.frombuffer(gzip.open(f).read(), np.uint8, offset=16).sum().
using Sums = std::vector<std::uint64_t>;
using Labels = std::vector<int>;

TEST(Mnist, RealTestAndTrainSets) {
    AXFIRE_NEEDS_REAL_DATA();
    const std::string spec = "mnist:" + testing::real_data() + "/mnist";
    const auto test_set = open_dataset(spec + ":test", {784});
    EXPECT_EQ(test_set->size(), 10000u);
    EXPECT_EQ(test_set->shape(), (std::vector<std::size_t>{784}));
    EXPECT_EQ(first_labels(*test_set), (Labels{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}));
    EXPECT_EQ(pixel_sums(*test_set), (Sums{264923200, 18454, 41833}));
    EXPECT_EQ(first_labels(*open_dataset(spec, {})), first_labels(*test_set));
    const auto train_set = open_dataset(spec + ":train", {});
    EXPECT_EQ(train_set->size(), 60000u);
    EXPECT_EQ(train_set->shape(), (std::vector<std::size_t>{1, 28, 28}));
    EXPECT_EQ(first_labels(*train_set), (Labels{5, 0, 4, 1, 9, 2, 1, 3, 1, 4}));
    EXPECT_EQ(pixel_sums(*train_set), (Sums{1567298545, 27525, 20920}));
}

TEST(Mnist, RealFashionSetOfDebian) {
    if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
        GTEST_SKIP() << "install dataset-fashion-mnist to run this test";
    }
    const auto test_set = open_dataset("fashion-mnist", {28, 28});
    EXPECT_EQ(test_set->size(), 10000u);
    EXPECT_EQ(test_set->shape(), (std::vector<std::size_t>{28, 28}));
    EXPECT_EQ(first_labels(*test_set), (Labels{9, 2, 1, 1, 6, 1, 4, 6, 5, 7}));
    EXPECT_EQ(pixel_sums(*test_set), (Sums{573469082, 33456, 24390}));
    const auto train_set = open_dataset("fashion-mnist:train", {});
    EXPECT_EQ(train_set->size(), 60000u);
    EXPECT_EQ(first_labels(*train_set), (Labels{9, 0, 0, 3, 0, 2, 7, 2, 5, 5}));
    EXPECT_EQ(open_dataset("fashion-mnist:/usr/share/datasets/fashion-mnist:train", {})->size(), 60000u);
    EXPECT_EQ(open_dataset("fashion-mnist:/usr/share/datasets/fashion-mnist", {})->size(), 10000u);
}

TEST(Mnist, PlainAndCompressedGiveTheSame) {
    AXFIRE_NEEDS_REAL_DATA();
    const std::filesystem::path source = std::filesystem::path(testing::real_data()) / "mnist";
    const TemporaryFolder folder;
    for (const char* name : {kImages, kLabels}) {
        Bytes plain(8'000'000);
        const gzFile file = gzopen((source / (std::string(name) + ".gz")).c_str(), "rb");
        ASSERT_NE(file, nullptr);
        plain.resize(static_cast<std::size_t>(gzread(file, plain.data(), static_cast<unsigned>(plain.size()))));
        gzclose(file);
        folder.write(name, plain);
    }
    const auto compressed = open_dataset("mnist:" + source.string(), {});
    const auto plain = open(folder);
    ASSERT_EQ(plain->size(), compressed->size());
    for (std::size_t i = 0; i < plain->size(); i += 37) {
        ASSERT_EQ(plain->load(i).values, compressed->load(i).values);
        ASSERT_EQ(plain->load(i).label, compressed->load(i).label);
    }
}

}  // namespace
}  // namespace axfire
