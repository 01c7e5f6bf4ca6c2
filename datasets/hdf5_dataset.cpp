// SPDX-License-Identifier: Apache-2.0
#include "datasets/hdf5_dataset.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

#include "arith/error.h"
#include "datasets/hdf5_file.h"

namespace axfire {

namespace {

using datasets::Array;
using datasets::Handle;
using datasets::read_slice;
using datasets::Shape;
using datasets::shape_text;

constexpr std::size_t kMaxSampleValues = std::size_t{1} << 28;  // 1 GiB of binary32 a sample
const float kQuietNan = std::bit_cast<float>(0x7fc00000u);

/// An array of numbers.
Array open_numbers(const std::filesystem::path& path, hid_t file, const char* name) {
    Array array = datasets::open_array(path, file, name, "hdf5: needs a numeric /input, and /labels is optional");
    const H5T_class_t type_class = array.type_class();
    if (type_class != H5T_INTEGER && type_class != H5T_FLOAT && type_class != H5T_ENUM) {
        throw InputError(
            fmt::format("{}: {} is not numeric; integers, floats and booleans are read", path.string(), name));
    }
    return array;
}

class Hdf5Dataset final : public Dataset {
public:
    Hdf5Dataset(const std::filesystem::path& path, const Shape& input_shape) : path_(path) {
        const Hdf5Lock lock;
        try {
            file_ = datasets::open_hdf5_file(path);
            input_ = open_numbers(path, file_, "/input");
            split_axes(input_shape);
            if (H5Lexists(file_, "/labels", H5P_DEFAULT) > 0) {
                labels_ = open_numbers(path, file_, "/labels");
                check_labels();
            }
        } catch (...) {
            close();
            throw;
        }
    }
    ~Hdf5Dataset() override {
        const Hdf5Lock lock;
        close();
    }

    std::size_t size() const override { return input_.shape[0]; }
    const Shape& shape() const override { return shape_; }
    bool has_events() const override { return false; }
    std::uint32_t default_steps(double) const override { return frames_; }

    Sample load(std::size_t i) const override {
        if (i >= size()) {
            throw InputError(fmt::format("{}: no sample {}; it holds {}", path_.string(), i, size()));
        }
        Sample sample;
        sample.frames = frames_;
        sample.values.resize(sample_values_);
        std::int64_t label = kNoLabel;
        {
            const Hdf5Lock lock;
            read_slice(input_, i, H5T_NATIVE_FLOAT, sample_values_, sample.values.data(), path_, "/input");
            if (labels_.dataset.valid()) {
                read_slice(labels_, i, H5T_NATIVE_INT64, 1, &label, path_, "/labels");
            }
        }
        for (float& value : sample.values) {
            value = std::isnan(value) ? kQuietNan : value;
        }
        if (label < kNoLabel || label > std::numeric_limits<std::int32_t>::max()) {
            throw InputError(
                fmt::format("{}: label {} of sample {} is out of range; labels are 0 to 2147483647, or -1 "
                            "for none",
                            path_.string(), label, i));
        }
        sample.label = static_cast<std::int32_t>(label);
        return sample;
    }

private:
    /// Settles which axes of /input are sample, time and shape.
    void split_axes(const Shape& input_shape) {
        const Shape& whole = input_.shape;
        const auto ends_with_input_shape = [&](std::size_t axes_before) {
            return whole.size() == axes_before + input_shape.size() &&
                   Shape(whole.begin() + static_cast<std::ptrdiff_t>(axes_before), whole.end()) == input_shape;
        };
        if (input_shape.empty() && !whole.empty()) {
            shape_.assign(whole.begin() + 1, whole.end());
        } else if (ends_with_input_shape(1) || ends_with_input_shape(2)) {
            shape_ = input_shape;
        } else {
            throw InputError(
                fmt::format("{}: /input has shape {}, but the network's input has shape {}: it must be [N] "
                            "or [N,T] followed by that",
                            path_.string(), shape_text(whole), shape_text(input_shape)));
        }
        sample_values_ = 1;
        for (std::size_t axis = 0; axis < whole.size(); ++axis) {
            if (whole[axis] == 0) {
                throw InputError(
                    fmt::format("{}: /input has shape {}: it holds no values", path_.string(), shape_text(whole)));
            }
            if (axis > 0 && whole[axis] > kMaxSampleValues / sample_values_) {
                throw InputError(fmt::format("{}: /input has shape {}: a sample may have at most {} values",
                                             path_.string(), shape_text(whole), kMaxSampleValues));
            }
            sample_values_ *= axis > 0 ? whole[axis] : 1;
        }
        if (whole.size() == shape_.size() + 2) {
            frames_ = static_cast<std::uint32_t>(whole[1]);
        }
    }

    void check_labels() const {
        if (labels_.type_class() != H5T_INTEGER) {
            throw InputError(fmt::format("{}: /labels is not of an integer type", path_.string()));
        }
        if (labels_.shape != Shape{size()}) {
            throw InputError(fmt::format("{}: /labels has shape {}, but /input has {} samples: it must be [{}]",
                                         path_.string(), shape_text(labels_.shape), size(), size()));
        }
    }

    void close() {
        labels_.close();
        input_.close();
        file_.reset();
    }

    std::filesystem::path path_;
    Handle file_;
    Array input_;
    Array labels_;
    Shape shape_;
    std::size_t sample_values_ = 0;
    std::uint32_t frames_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> open_hdf5_dataset(const std::filesystem::path& path, const Shape& input_shape) {
    return std::make_unique<Hdf5Dataset>(path, input_shape);
}

}  // namespace axfire
