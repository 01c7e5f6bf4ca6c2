// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hdf5_reader.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire {
namespace {

// deflate, the strongest filter at hand, compresses at most 1032 to 1.
constexpr std::uint64_t kMaxCompression = 1032;
constexpr std::uint64_t kSlackBytes = std::uint64_t{1} << 26;
constexpr std::uint64_t kUnstoredBytes = std::uint64_t{1} << 20;  // a dataset that holds fill values alone
constexpr int kMaxRank = 8;

bool is_binary16(hid_t type) {
    std::size_t sign = 0, exponent = 0, exponent_bits = 0, fraction = 0, fraction_bits = 0;
    return H5Tget_size(type) == 2 && H5Tget_precision(type) == 16 && H5Tget_offset(type) == 0 &&
           H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits) >= 0 && sign == 15 &&
           exponent == 10 && exponent_bits == 5 && fraction == 0 && fraction_bits == 10 && H5Tget_ebias(type) == 15 &&
           H5Tget_norm(type) == H5T_NORM_IMPLIED;
}

/// The number types that HDF5 converts without surprises; a damaged type description is none of them.
bool is_plain_number(hid_t type, bool integers_only) {
    const hid_t integers[] = {H5T_STD_I8LE,  H5T_STD_I8BE,  H5T_STD_U8LE,  H5T_STD_U8BE,  H5T_STD_I16LE, H5T_STD_I16BE,
                              H5T_STD_U16LE, H5T_STD_U16BE, H5T_STD_I32LE, H5T_STD_I32BE, H5T_STD_U32LE, H5T_STD_U32BE,
                              H5T_STD_I64LE, H5T_STD_I64BE, H5T_STD_U64LE, H5T_STD_U64BE};
    const hid_t floats[] = {H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
    const auto equal = [type](hid_t known) { return H5Tequal(type, known) > 0; };
    if (H5Tget_class(type) == H5T_INTEGER) {
        return std::any_of(std::begin(integers), std::end(integers), equal);
    }
    return !integers_only && H5Tget_class(type) == H5T_FLOAT &&
           (std::any_of(std::begin(floats), std::end(floats), equal) || is_binary16(type));
}

/// The text of one variable-length cell, whose memory goes back to HDF5. H5Dvlen_reclaim() is not used: it trusts the
/// extents and the type of a file that may be damaged.
std::string take_text(char* cell) {
    std::string text(cell != nullptr ? cell : "");
    H5free_memory(cell);
    return text;
}

/// The text of one fixed-length cell: up to its first NUL, trailing spaces off where the type pads with them.
std::string fixed_text(const char* cell, std::size_t size, bool space_padded) {
    std::string text(cell, strnlen(cell, size));
    while (space_padded && !text.empty() && text.back() == ' ') {
        text.pop_back();
    }
    return text;
}

struct ChildNames {
    std::vector<std::string> names;
    bool foreign = false;  // a soft or external link
};

herr_t add_child(hid_t, const char* name, const H5L_info_t* info, void* data) noexcept {
    try {
        auto& children = *static_cast<ChildNames*>(data);
        children.names.emplace_back(name);
        children.foreign |= info->type != H5L_TYPE_HARD;
        return 0;
    } catch (...) {
        return -1;
    }
}

}  // namespace

Hdf5Reader::Hdf5Reader(const std::filesystem::path& file) : file_name_(file.string()), file_(hdf5::open_file(file)) {
    std::error_code error;
    file_bytes_ = std::filesystem::file_size(file, error);
    budget_ = error ? kSlackBytes : kMaxCompression * file_bytes_ + kSlackBytes;
}

void Hdf5Reader::fail(const std::string& path, const std::string& text) const {
    std::string line = fmt::format("{}: {}: {}", file_name_, path, text);
    // Names and texts of the file may hold anything.
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    throw InputError(line);
}

bool Hdf5Reader::has(const std::string& path) const {
    const Hdf5Lock lock;
    if (path == "/" || H5Lexists(file_, path.c_str(), H5P_DEFAULT) <= 0) {
        return path == "/";
    }
    H5L_info_t info;
    if (H5Lget_info(file_, path.c_str(), &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD) {
        fail(path, "is a link to elsewhere, which is refused; put the object itself there");
    }
    return true;
}

Hdf5Handle Hdf5Reader::open(const std::string& path) const {
    if (!has(path)) {
        fail(path, "is missing");
    }
    Hdf5Handle object(H5Oopen(file_, path.c_str(), H5P_DEFAULT));
    if (!object.valid()) {
        fail(path, "cannot be opened; the file is damaged");
    }
    return object;
}

Hdf5Handle Hdf5Reader::open_dataset(const std::string& path) const {
    Hdf5Handle object = open(path);
    if (H5Iget_type(object) != H5I_DATASET) {
        fail(path, "is not a dataset");
    }
    return object;
}

bool Hdf5Reader::is_group(const std::string& path) const {
    const Hdf5Lock lock;
    return has(path) && H5Iget_type(open(path)) == H5I_GROUP;
}

bool Hdf5Reader::is_text(const std::string& path) const {
    const Hdf5Lock lock;
    if (!has(path) || is_group(path)) {
        return false;
    }
    const Hdf5Handle type(H5Dget_type(open_dataset(path)));
    return H5Tget_class(type) == H5T_STRING;
}

std::vector<std::string> Hdf5Reader::children(const std::string& path) const {
    const Hdf5Lock lock;
    const Hdf5Handle group = open(path);
    H5G_info_t info;
    if (H5Iget_type(group) != H5I_GROUP || H5Gget_info(group, &info) < 0) {
        fail(path, "is not a group");
    }
    if (info.nlinks > file_bytes_ / 8) {
        fail(path, fmt::format("claims {} members, more than the file can hold; it is damaged", info.nlinks));
    }
    ChildNames found;
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, add_child, &found) < 0) {
        fail(path, "its members cannot be listed; the file is damaged");
    }
    if (found.foreign) {
        fail(path, "holds a soft or external link; only objects stored in the file itself are read");
    }
    std::sort(found.names.begin(), found.names.end());
    return std::move(found.names);
}

hdf5::Dims Hdf5Reader::dims_of(const std::string& path, hid_t space, std::size_t element_bytes) const {
    const H5S_class_t kind = H5Sget_simple_extent_type(space);
    const int rank = H5Sget_simple_extent_ndims(space);
    if (kind == H5S_SCALAR) {
        return {};
    }
    if (kind != H5S_SIMPLE || rank < 1 || rank > kMaxRank) {
        fail(path, fmt::format("has no usable extents (rank {}, 0 to {} allowed)", rank, kMaxRank));
    }
    std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    std::uint64_t bytes = std::max<std::size_t>(element_bytes, 1);
    for (const hsize_t extent : extents) {
        if (__builtin_mul_overflow(bytes, std::uint64_t{extent}, &bytes) || bytes > (std::uint64_t{1} << 48)) {
            fail(path, fmt::format("claims extents of {} elements along an axis; the file is damaged", extent));
        }
    }
    return {extents.begin(), extents.end()};
}

void Hdf5Reader::check_storage(const std::string& path, hid_t dataset, std::size_t bytes) const {
    const Hdf5Handle properties(H5Dget_create_plist(dataset));
    const H5D_layout_t layout = H5Pget_layout(properties);
    if (layout == H5D_VIRTUAL || H5Pget_external_count(properties) > 0) {
        fail(path, "is kept in another file; copy it into this one");
    }
    const std::uint64_t stored = H5Dget_storage_size(dataset);
    const std::uint64_t ratio = H5Pget_nfilters(properties) > 0 ? kMaxCompression : 1;
    if (stored > file_bytes_ || (bytes > kUnstoredBytes && bytes > stored * ratio) || bytes > budget_) {
        fail(path, fmt::format("claims {} bytes where {} are stored in a file of {}; it is damaged or cut off", bytes,
                               stored, file_bytes_));
    }
    budget_ -= bytes;
}

template <class T>
Hdf5Array<T> Hdf5Reader::read(const std::string& path, bool integers_only) const {
    const Hdf5Lock lock;
    const Hdf5Handle dataset = open_dataset(path);
    const Hdf5Handle type(H5Dget_type(dataset));
    if (!is_plain_number(type, integers_only)) {
        fail(path, integers_only ? "is not of integers" : "is not of integers or IEEE floating-point numbers");
    }
    const Hdf5Handle space(H5Dget_space(dataset));
    Hdf5Array<T> array{dims_of(path, space, H5Tget_size(type)), {}};
    std::size_t count = 1;
    for (const std::size_t extent : array.dims) {
        count *= extent;
    }
    check_storage(path, dataset, count * H5Tget_size(type));
    array.values.resize(count);
    if (count > 0 && H5Dread(dataset, hdf5::native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()) < 0) {
        fail(path, "its values cannot be read; the file is damaged or uses an unknown compression");
    }
    return array;
}

Hdf5Array<double> Hdf5Reader::doubles(const std::string& path) const {
    return read<double>(path, false);
}
Hdf5Array<float> Hdf5Reader::floats(const std::string& path) const {
    return read<float>(path, false);
}
Hdf5Array<std::int64_t> Hdf5Reader::integers(const std::string& path) const {
    return read<std::int64_t>(path, true);
}

double Hdf5Reader::number(const std::string& path) const {
    const Hdf5Array<double> array = doubles(path);
    if (array.values.size() != 1) {
        fail(path, fmt::format("holds {} values where one is expected", array.values.size()));
    }
    return array.values[0];
}

Hdf5Array<std::string> Hdf5Reader::texts(const std::string& path) const {
    const Hdf5Lock lock;
    const Hdf5Handle dataset = open_dataset(path);
    const Hdf5Handle type(H5Dget_type(dataset));
    if (H5Tget_class(type) != H5T_STRING) {
        fail(path, "is not of strings");
    }
    const Hdf5Handle space(H5Dget_space(dataset));
    const std::size_t size = H5Tget_size(type);
    Hdf5Array<std::string> array{dims_of(path, space, size), {}};
    std::size_t count = 1;
    for (const std::size_t extent : array.dims) {
        count *= extent;
    }
    check_storage(path, dataset, count * size);
    array.values.reserve(count);
    if (count == 0) {
        return array;
    }
    if (H5Tis_variable_str(type) > 0) {
        std::vector<char*> cells(count, nullptr);
        if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells.data()) < 0) {
            fail(path, "its strings cannot be read; the file is damaged");
        }
        for (char* cell : cells) {
            array.values.push_back(take_text(cell));
        }
    } else {
        std::vector<char> cells(count * size);
        if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, cells.data()) < 0) {
            fail(path, "its strings cannot be read; the file is damaged");
        }
        const bool space_padded = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
        for (std::size_t i = 0; i < count; ++i) {
            array.values.push_back(fixed_text(cells.data() + i * size, size, space_padded));
        }
    }
    return array;
}

std::string Hdf5Reader::text(const std::string& path) const {
    Hdf5Array<std::string> array = texts(path);
    if (array.values.size() != 1) {
        fail(path, fmt::format("holds {} strings where one is expected", array.values.size()));
    }
    return std::move(array.values[0]);
}

bool Hdf5Reader::has_attribute(const std::string& path, const std::string& name) const {
    const Hdf5Lock lock;
    return has(path) && H5Aexists(open(path), name.c_str()) > 0;
}

std::string Hdf5Reader::text_attribute(const std::string& path, const std::string& name) const {
    const Hdf5Lock lock;
    const Hdf5Handle attribute(H5Aopen(open(path), name.c_str(), H5P_DEFAULT));
    const Hdf5Handle type(attribute.valid() ? H5Aget_type(attribute) : H5I_INVALID_HID);
    const Hdf5Handle space(attribute.valid() ? H5Aget_space(attribute) : H5I_INVALID_HID);
    if (!type.valid() || H5Tget_class(type) != H5T_STRING || H5Sget_simple_extent_npoints(space) != 1) {
        fail(path, fmt::format("the attribute '{}' is missing or is not one string", name));
    }
    if (H5Tis_variable_str(type) > 0) {
        char* cell = nullptr;
        if (H5Aread(attribute, type, &cell) < 0) {
            fail(path, fmt::format("the attribute '{}' cannot be read; the file is damaged", name));
        }
        return take_text(cell);
    }
    const std::size_t size = H5Tget_size(type);
    if (size > file_bytes_) {
        fail(path, fmt::format("the attribute '{}' claims {} bytes; the file is damaged", name, size));
    }
    std::vector<char> cell(size);
    if (H5Aread(attribute, type, cell.data()) < 0) {
        fail(path, fmt::format("the attribute '{}' cannot be read; the file is damaged", name));
    }
    return fixed_text(cell.data(), size, H5Tget_strpad(type) == H5T_STR_SPACEPAD);
}

template <class T>
std::vector<T> Hdf5Reader::read_attribute(const std::string& path, const std::string& name, bool integers_only) const {
    const Hdf5Lock lock;
    const Hdf5Handle attribute(H5Aopen(open(path), name.c_str(), H5P_DEFAULT));
    const Hdf5Handle type(attribute.valid() ? H5Aget_type(attribute) : H5I_INVALID_HID);
    if (!type.valid() || !is_plain_number(type, integers_only)) {
        fail(path, fmt::format("the attribute '{}' is missing or is not of {}", name,
                               integers_only ? "integers" : "numbers"));
    }
    const Hdf5Handle space(H5Aget_space(attribute));
    std::size_t count = 1;
    for (const std::size_t extent : dims_of(path, space, H5Tget_size(type))) {
        count *= extent;
    }
    if (count > file_bytes_) {
        fail(path, fmt::format("the attribute '{}' claims {} values; the file is damaged", name, count));
    }
    std::vector<T> values(count);
    if (count > 0 && H5Aread(attribute, hdf5::native_type<T>(), values.data()) < 0) {
        fail(path, fmt::format("the attribute '{}' cannot be read; the file is damaged", name));
    }
    return values;
}

std::vector<double> Hdf5Reader::number_attribute(const std::string& path, const std::string& name) const {
    return read_attribute<double>(path, name, false);
}

std::vector<std::int64_t> Hdf5Reader::integer_attribute(const std::string& path, const std::string& name) const {
    return read_attribute<std::int64_t>(path, name, true);
}

}  // namespace axfire
