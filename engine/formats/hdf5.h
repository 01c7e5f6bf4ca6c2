// SPDX-License-Identifier: Apache-2.0
// Owning handles of the HDF5 C API, and what writing a file needs; hdf5_reader.h reads. Every function takes
// hdf5_mutex(), keeps HDF5 from printing, and throws InputError with the object's path in the file. Objects carry no
// time stamps, so that equal contents give equal files.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "datasets/hdf5_lock.h"

namespace axfire {

/// Owns one HDF5 identifier of any kind (file, group, dataset, space, type, attribute, property list).
struct Hdf5Handle {
    Hdf5Handle() = default;
    explicit Hdf5Handle(hid_t owned) : id(owned) {}
    Hdf5Handle(Hdf5Handle&& other) noexcept : id(std::exchange(other.id, H5I_INVALID_HID)) {}
    Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
        std::swap(id, other.id);
        return *this;
    }
    ~Hdf5Handle() { close(); }

    /// Closes now; false if HDF5 reports an error (a file: something could not be written).
    bool close() noexcept;
    bool valid() const { return id >= 0; }
    operator hid_t() const { return id; }  // NOLINT: the C functions take it as is

    hid_t id = H5I_INVALID_HID;
};

namespace hdf5 {

/// In-memory type of T: float, double and the integers of 1 to 8 bytes. Not to be closed.
template <class T>
hid_t native_type() {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    if constexpr (std::is_same_v<T, float>) {
        return H5T_NATIVE_FLOAT;
    } else if constexpr (std::is_same_v<T, double>) {
        return H5T_NATIVE_DOUBLE;
    } else if constexpr (std::is_signed_v<T>) {
        return sizeof(T) == 1   ? H5T_NATIVE_INT8
               : sizeof(T) == 2 ? H5T_NATIVE_INT16
               : sizeof(T) == 4 ? H5T_NATIVE_INT32
                                : H5T_NATIVE_INT64;
    } else {
        return sizeof(T) == 1   ? H5T_NATIVE_UINT8
               : sizeof(T) == 2 ? H5T_NATIVE_UINT16
               : sizeof(T) == 4 ? H5T_NATIVE_UINT32
                                : H5T_NATIVE_UINT64;
    }
}

using Dims = std::vector<std::size_t>;  ///< extents, slowest first; empty: a scalar

/// "/a/b" of an object, for messages; "?" where HDF5 does not know it.
std::string path_of(hid_t object);

/// Opens a file. Throws when it does not exist, is a folder, or is not HDF5.
Hdf5Handle open_file(const std::filesystem::path& path, bool writable = false);
/// Creates a file on disk; throws when it exists and `overwrite` is off. Whoever writes to a disk that may be full
/// should rather use create_memory_file(): HDF5 cannot close a file that it could not write.
Hdf5Handle create_file(const std::filesystem::path& path, bool overwrite = false);
/// Creates a file in memory, never on disk; file_image() gives its bytes.
Hdf5Handle create_memory_file();
/// The bytes of a file as they would be on disk.
std::vector<unsigned char> file_image(hid_t file);

/// Creates a group and those above it; opens it where it exists.
Hdf5Handle create_group(hid_t location, const std::string& path);
Hdf5Handle open_group(hid_t location, const std::string& path);

/// A UTF-8 string attribute of variable length (what h5py writes for a str).
void write_attribute(hid_t object, const std::string& name, std::string_view text);
inline void write_attribute(hid_t object, const std::string& name, const char* text) {
    write_attribute(object, name, std::string_view(text));
}
/// `data` in C order; replaces an attribute of that name.
void write_attribute(hid_t object, const std::string& name, hid_t memory_type, const void* data, const Dims& dims);
template <class T>
requires std::is_arithmetic_v<T>
void write_attribute(hid_t object, const std::string& name, T value) {
    write_attribute(object, name, native_type<T>(), &value, {});
}
template <class T>
void write_attribute(hid_t object, const std::string& name, const std::vector<T>& values) {
    write_attribute(object, name, native_type<T>(), values.data(), {values.size()});
}

/// Writes `data` in C order as a new dataset; deflate 0 (contiguous) to 9. Groups above it are created.
void write_dataset(hid_t location, const std::string& path, hid_t memory_type, const void* data, const Dims& dims,
                   unsigned deflate = 0);
/// Throws std::logic_error when dims and the number of values differ.
template <class T>
void write_dataset(hid_t location, const std::string& path, const std::vector<T>& values, const Dims& dims,
                   unsigned deflate = 0);
template <class T>
requires std::is_arithmetic_v<T>
void write_scalar(hid_t location, const std::string& path, T value) {
    write_dataset(location, path, native_type<T>(), &value, {});
}
/// UTF-8 strings of variable length; one string and no dims: a scalar.
void write_strings(hid_t location, const std::string& path, const std::vector<std::string>& texts, const Dims& dims);

/// A dataset of 0 rows that append_rows() lengthens; chunks of `chunk_rows` rows. `row` is the shape of one row.
Hdf5Handle create_extendable(hid_t location, const std::string& path, hid_t file_type, const Dims& row,
                             std::size_t chunk_rows, unsigned deflate = 0);
/// Adds `rows` rows in C order at the end.
void append_rows(hid_t dataset, hid_t memory_type, const void* data, std::size_t rows);
template <class T>
void append_rows(hid_t dataset, const std::vector<T>& values, std::size_t rows) {
    append_rows(dataset, native_type<T>(), values.data(), rows);
}

/// Product of the extents; throws std::logic_error unless it equals `count`.
void check_count(const std::string& path, const Dims& dims, std::size_t count);

template <class T>
void write_dataset(hid_t location, const std::string& path, const std::vector<T>& values, const Dims& dims,
                   unsigned deflate) {
    check_count(path, dims, values.size());
    write_dataset(location, path, native_type<T>(), values.data(), dims, deflate);
}

}  // namespace hdf5
}  // namespace axfire
