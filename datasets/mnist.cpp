// SPDX-License-Identifier: Apache-2.0
#include "datasets/mnist.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "arith/error.h"
#include "datasets/idx.h"
#include "datasets/shapes.h"

namespace axfire {

namespace {

namespace fs = std::filesystem;

constexpr int kMaxLabel = 9;

/// The first of the known spellings of a file name that exists.
fs::path find_file(const fs::path& folder, const std::string& stem, const std::string& idx,
                   const std::string& missing_hint) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) {
        throw InputError(fmt::format("{}: not a folder{}", folder.string(), missing_hint));
    }
    for (const char* compression : {"", ".gz"}) {
        for (const char* before_idx : {"-", "."}) {
            for (const char* before_ubyte : {"-", "."}) {
                const fs::path path =
                    folder / fmt::format("{}{}{}{}ubyte{}", stem, before_idx, idx, before_ubyte, compression);
                if (fs::is_regular_file(path, error)) {
                    return path;
                }
            }
        }
    }
    throw InputError(fmt::format("{}: no file {}-{}-ubyte or {}-{}-ubyte.gz in this folder{}", folder.string(), stem,
                                 idx, stem, idx, missing_hint));
}

class Mnist final : public Dataset {
public:
    Mnist(IdxImages images, std::vector<std::uint8_t> labels, const std::vector<std::size_t>& input_shape)
        : images_(std::move(images)),
          labels_(std::move(labels)),
          shape_(datasets::adopt_shape({1, images_.height, images_.width}, input_shape)) {}

    std::size_t size() const override { return images_.count; }
    const std::vector<std::size_t>& shape() const override { return shape_; }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double) const override { return 0; }
    Sample load(std::size_t i) const override {
        Sample sample;
        sample.label = labels_.at(i);
        const std::size_t size = images_.height * images_.width;
        const std::uint8_t* pixels = images_.pixels.data() + i * size;
        sample.values.resize(size);
        std::transform(pixels, pixels + size, sample.values.begin(),
                       [](std::uint8_t pixel) { return static_cast<float>(pixel) / 255.0f; });
        return sample;
    }

private:
    IdxImages images_;
    std::vector<std::uint8_t> labels_;
    std::vector<std::size_t> shape_;
};

}  // namespace

std::unique_ptr<Dataset> open_mnist(const fs::path& folder, Split split, const std::vector<std::size_t>& input_shape,
                                    const std::string& missing_hint) {
    const std::string stem = split == Split::train ? "train" : "t10k";
    const fs::path image_file = find_file(folder, stem + "-images", "idx3", missing_hint);
    const fs::path label_file = find_file(folder, stem + "-labels", "idx1", missing_hint);
    std::vector<std::uint8_t> labels = read_idx_labels(label_file);
    const auto bad = std::find_if(labels.begin(), labels.end(), [](std::uint8_t label) { return label > kMaxLabel; });
    if (bad != labels.end()) {
        throw InputError(fmt::format("{}: label {} of sample {} is out of range; labels are 0 to {}",
                                     label_file.string(), *bad, bad - labels.begin(), kMaxLabel));
    }
    IdxImages images = read_idx_images(image_file);
    if (images.count != labels.size()) {
        throw InputError(fmt::format("{}: {} labels for the {} images of {}", label_file.string(), labels.size(),
                                     images.count, image_file.string()));
    }
    return std::make_unique<Mnist>(std::move(images), std::move(labels), input_shape);
}

}  // namespace axfire
