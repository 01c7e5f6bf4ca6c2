// SPDX-License-Identifier: Apache-2.0
// What the readers of HDF5 data sets share. Every function is called with Hdf5Lock held, and throws InputError that
// names the file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

#include "datasets/hdf5_lock.h"
#include "datasets/shapes.h"

namespace axfire::datasets {

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

/// One array of a file; its first axis counts the samples.
struct Array {
    Handle dataset;
    Handle type;
    Shape shape;

    H5T_class_t type_class() const { return H5Tget_class(type); }
    void close() {
        type.reset();
        dataset.reset();
    }
};

Handle open_hdf5_file(const std::filesystem::path& path);

/// `needs` says in the message what the kind of data needs in a file.
Array open_array(const std::filesystem::path& path, hid_t file, const char* name, std::string_view needs);

/// Reads element `i` of the first axis into `values`: `count` values, those of all other axes, in C order.
void read_slice(const Array& array, std::size_t i, hid_t memory_type, std::size_t count, void* values,
                const std::filesystem::path& path, const char* name, hid_t transfer = H5P_DEFAULT);

}  // namespace axfire::datasets
