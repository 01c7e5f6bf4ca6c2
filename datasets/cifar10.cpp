// SPDX-License-Identifier: Apache-2.0
#include "datasets/cifar10.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "arith/error.h"
#include "datasets/record_file.h"
#include "datasets/shapes.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

constexpr int kMaxLabel = 9;
constexpr std::size_t kPixels = 3 * 32 * 32;
constexpr datasets::RecordKind kImageRecord{
    1 + kPixels, "a CIFAR-10 record (a label byte and 3072 pixels)",
    "the file is truncated or of another format; take the *.bin files of the binary version of CIFAR-10"};

class Cifar10 final : public Dataset {
public:
    Cifar10(std::vector<std::uint8_t> records, const std::vector<std::size_t>& input_shape)
        : records_(std::move(records)), shape_(datasets::adopt_shape({3, 32, 32}, input_shape)) {}

    std::size_t size() const override { return records_.size() / kImageRecord.bytes; }
    const std::vector<std::size_t>& shape() const override { return shape_; }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double) const override { return 0; }
    Sample load(std::size_t i) const override {
        Sample sample;
        sample.label = records_.at(i * kImageRecord.bytes);
        const std::uint8_t* pixels = records_.data() + i * kImageRecord.bytes + 1;
        sample.values.resize(kPixels);
        std::transform(pixels, pixels + kPixels, sample.values.begin(),
                       [](std::uint8_t pixel) { return static_cast<float>(pixel) / 255.0f; });
        return sample;
    }

private:
    std::vector<std::uint8_t> records_;  // as in the files, one after the other
    std::vector<std::size_t> shape_;
};

/// The files that a path and a split stand for.
std::vector<fs::path> list_files(const fs::path& path, std::optional<Split> split) {
    constexpr const char* kForms = "cifar10: takes DIR, DIR:train, DIR:test or one .bin file";
    std::error_code error;
    if (fs::is_regular_file(path, error)) {
        if (split) {
            throw InputError(
                fmt::format("{}: a file has no split; leave out :train or :test; {}", path.string(), kForms));
        }
        return {path};
    }
    if (!fs::is_directory(path, error)) {
        throw InputError(fmt::format("{}: no such folder or file; {}", path.string(), kForms));
    }
    std::vector<std::string> names{"test_batch.bin"};
    if (split == Split::train) {
        names.clear();
        for (int batch = 1; batch <= 5; ++batch) {
            names.push_back(fmt::format("data_batch_{}.bin", batch));
        }
    }
    std::vector<fs::path> files;
    for (const std::string& name : names) {
        if (fs::exists(path / name, error)) {
            files.push_back(path / name);
        }
    }
    if (files.empty()) {
        throw InputError(fmt::format(
            "{}: no file {} in this folder; {}, where DIR holds the binary version of CIFAR-10", path.string(),
            split == Split::train ? "data_batch_1.bin to data_batch_5.bin" : names.front(), kForms));
    }
    return files;
}

/// Adds the records of a file after looking at their labels.
void append_records(const fs::path& file, std::vector<std::uint8_t>& records) {
    std::size_t record = 0;
    datasets::read_records(file, kImageRecord, [&](std::span<const std::uint8_t> bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += kImageRecord.bytes, ++record) {
            if (bytes[at] > kMaxLabel) {
                throw InputError(
                    fmt::format("{}: label {} of record {} is out of range; labels are 0 to {}; the file is damaged "
                                "or of another format; take the *.bin files of the binary version of CIFAR-10",
                                file.string(), bytes[at], record, kMaxLabel));
            }
        }
        records.insert(records.end(), bytes.begin(), bytes.end());
    });
}

}  // namespace

std::unique_ptr<Dataset> open_cifar10(const fs::path& path, std::optional<Split> split,
                                      const std::vector<std::size_t>& input_shape) {
    const std::vector<fs::path> files = list_files(path, split);
    std::size_t count = 0;
    for (const fs::path& file : files) {
        count += datasets::count_records(file, kImageRecord);
    }
    std::vector<std::uint8_t> records;
    records.reserve(count * kImageRecord.bytes);
    for (const fs::path& file : files) {
        append_records(file, records);
    }
    return std::make_unique<Cifar10>(std::move(records), input_shape);
}

}  // namespace axfire
