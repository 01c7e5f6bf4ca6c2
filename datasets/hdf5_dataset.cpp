// SPDX-License-Identifier: Apache-2.0
#include "datasets/hdf5_dataset.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

#include "arith/error.h"
#include "datasets/hdf5_lock.h"
#include "datasets/shapes.h"

namespace axfire {

namespace {

using datasets::Shape;
using datasets::shape_text;

constexpr std::size_t kMaxSampleValues = std::size_t{1} << 28;  // 1 GiB of binary32 a sample
const float kQuietNan = std::bit_cast<float>(0x7fc00000u);

/// Owns one HDF5 handle; made and destroyed with the lock held.
class Handle {
public:
    Handle() = default;
    Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    ~Handle() { reset(); }
    void reset() {
        if (id_ >= 0) {
            close_(std::exchange(id_, -1));
        }
    }
    bool valid() const { return id_ >= 0; }
    operator hid_t() const { return id_; }

private:
    hid_t id_ = -1;
    herr_t (*close_)(hid_t) = nullptr;
};

/// One array of the file and where its samples lie.
struct Array {
    Handle dataset;
    Shape shape;
    bool integer = false;
};

Handle open_file(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        throw InputError(fmt::format("{}: {}", path.string(), error ? error.message() : "not a regular file"));
    }
    if (H5Fis_hdf5(path.c_str()) <= 0) {
        throw InputError(fmt::format("{}: not an HDF5 file", path.string()));
    }
    Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file.valid()) {
        throw InputError(fmt::format("{}: HDF5 cannot open the file; it is damaged or another program is writing it",
                                     path.string()));
    }
    return file;
}

Array open_array(const std::filesystem::path& path, hid_t file, const char* name) {
    Array array;
    array.dataset = Handle(H5Dopen2(file, name, H5P_DEFAULT), H5Dclose);
    if (!array.dataset.valid()) {
        throw InputError(fmt::format(
            "{}: no readable data set {}; hdf5: needs a numeric /input, and /labels is optional", path.string(), name));
    }
    const Handle space(H5Dget_space(array.dataset), H5Sclose);
    const int rank = space.valid() ? H5Sget_simple_extent_ndims(space) : -1;
    std::vector<hsize_t> lengths(rank > 0 ? static_cast<std::size_t>(rank) : 0);
    if (rank < 0 || H5Sget_simple_extent_dims(space, lengths.data(), nullptr) < 0) {
        throw InputError(fmt::format("{}: the shape of {} cannot be read", path.string(), name));
    }
    array.shape.assign(lengths.begin(), lengths.end());
    const Handle type(H5Dget_type(array.dataset), H5Tclose);
    const H5T_class_t type_class = type.valid() ? H5Tget_class(type) : H5T_NO_CLASS;
    array.integer = type_class == H5T_INTEGER;
    if (!array.integer && type_class != H5T_FLOAT && type_class != H5T_ENUM) {
        throw InputError(
            fmt::format("{}: {} is not numeric; integers, floats and booleans are read", path.string(), name));
    }
    return array;
}

/// Reads element `i` of the first axis into `values` (all of the other axes, in C order).
void read_slice(const Array& array, std::size_t i, hid_t memory_type, std::size_t count, void* values,
                const std::filesystem::path& path, const char* name) {
    std::vector<hsize_t> start(array.shape.size(), 0);
    std::vector<hsize_t> length(array.shape.begin(), array.shape.end());
    start[0] = i;
    length[0] = 1;
    const hsize_t flat = count;
    const Handle file_space(H5Dget_space(array.dataset), H5Sclose);
    const Handle memory_space(H5Screate_simple(1, &flat, nullptr), H5Sclose);
    if (!file_space.valid() || !memory_space.valid() ||
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, length.data(), nullptr) < 0 ||
        H5Dread(array.dataset, memory_type, memory_space, file_space, H5P_DEFAULT, values) < 0) {
        throw InputError(fmt::format("{}: sample {} of {} cannot be read; the file is damaged or incomplete",
                                     path.string(), i, name));
    }
}

class Hdf5Dataset final : public Dataset {
public:
    Hdf5Dataset(const std::filesystem::path& path, const Shape& input_shape) : path_(path) {
        const Hdf5Lock lock;
        try {
            file_ = open_file(path);
            input_ = open_array(path, file_, "/input");
            split_axes(input_shape);
            if (H5Lexists(file_, "/labels", H5P_DEFAULT) > 0) {
                labels_ = open_array(path, file_, "/labels");
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
        if (!labels_.integer) {
            throw InputError(fmt::format("{}: /labels is not of an integer type", path_.string()));
        }
        if (labels_.shape != Shape{size()}) {
            throw InputError(fmt::format("{}: /labels has shape {}, but /input has {} samples: it must be [{}]",
                                         path_.string(), shape_text(labels_.shape), size(), size()));
        }
    }

    void close() {
        labels_.dataset.reset();
        input_.dataset.reset();
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
