// SPDX-License-Identifier: Apache-2.0
// Reads an HDF5 file that nobody vouches for: every size is checked against what the file can hold before memory is
// taken, and links to other files, virtual datasets and exotic number types are refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/formats/hdf5.h"

namespace axfire {

/// Values of a numeric dataset or attribute in C order; no extents: a scalar (one value).
template <class T>
struct Hdf5Array {
    hdf5::Dims dims;
    std::vector<T> values;
};

/// An open file; objects are named by their absolute path ("/node/edges"). All functions throw InputError that names
/// the file and the path. Not for use by several threads at once.
class Hdf5Reader {
public:
    explicit Hdf5Reader(const std::filesystem::path& file);

    const std::string& file_name() const { return file_name_; }
    /// True where a group or dataset of that path is stored; its parent must exist.
    bool has(const std::string& path) const;
    bool is_group(const std::string& path) const;
    /// True for a dataset of strings.
    bool is_text(const std::string& path) const;
    /// Names of the objects in a group, ascending by bytes.
    std::vector<std::string> children(const std::string& path) const;

    /// A dataset of one string, of fixed or variable length.
    std::string text(const std::string& path) const;
    Hdf5Array<std::string> texts(const std::string& path) const;
    /// Integers of 1 to 8 bytes, binary16, binary32 and binary64, converted to binary64 (integers beyond 2^53 round).
    Hdf5Array<double> doubles(const std::string& path) const;
    /// The same, rounded to binary32.
    Hdf5Array<float> floats(const std::string& path) const;
    /// Integers only.
    Hdf5Array<std::int64_t> integers(const std::string& path) const;
    /// A dataset of one number.
    double number(const std::string& path) const;

    /// Attributes of an object ("/" is the root).
    bool has_attribute(const std::string& path, const std::string& name) const;
    std::string text_attribute(const std::string& path, const std::string& name) const;
    std::vector<double> number_attribute(const std::string& path, const std::string& name) const;
    std::vector<std::int64_t> integer_attribute(const std::string& path, const std::string& name) const;

    /// Throws InputError "<file>: <path>: <text>".
    [[noreturn]] void fail(const std::string& path, const std::string& text) const;

private:
    Hdf5Handle open(const std::string& path) const;
    Hdf5Handle open_dataset(const std::string& path) const;
    template <class T>
    Hdf5Array<T> read(const std::string& path, bool integers_only) const;
    template <class T>
    std::vector<T> read_attribute(const std::string& path, const std::string& name, bool integers_only) const;
    void check_storage(const std::string& path, hid_t dataset, std::size_t bytes) const;
    hdf5::Dims dims_of(const std::string& path, hid_t space, std::size_t element_bytes) const;

    std::string file_name_;
    std::uint64_t file_bytes_ = 0;
    mutable std::uint64_t budget_ = 0;  // bytes that may still be read
    Hdf5Handle file_;
};

}  // namespace axfire
