// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hdf5.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "arith/error.h"

namespace axfire {

bool Hdf5Handle::close() noexcept {
    const hid_t old = std::exchange(id, H5I_INVALID_HID);
    if (old < 0) {
        return true;
    }
    const Hdf5Lock lock;
    switch (H5Iget_type(old)) {
        case H5I_FILE:
            return H5Fclose(old) >= 0;
        case H5I_GROUP:
            return H5Gclose(old) >= 0;
        case H5I_DATASET:
            return H5Dclose(old) >= 0;
        case H5I_DATASPACE:
            return H5Sclose(old) >= 0;
        case H5I_DATATYPE:
            return H5Tclose(old) >= 0;
        case H5I_ATTR:
            return H5Aclose(old) >= 0;
        case H5I_GENPROP_LST:
            return H5Pclose(old) >= 0;
        default:
            return H5Idec_ref(old) >= 0;
    }
}

namespace hdf5 {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{1} << 20;

[[noreturn]] void fail(hid_t location, const std::string& what) {
    throw InputError(
        fmt::format("HDF5 cannot {} below {}: is the disk full, or the name taken?", what, path_of(location)));
}

/// Takes ownership of an identifier that a call returned.
Hdf5Handle owned(hid_t id, hid_t location, const std::string& what) {
    if (id < 0) {
        fail(location, what);
    }
    return Hdf5Handle(id);
}

void check(herr_t status, hid_t location, const std::string& what) {
    if (status < 0) {
        fail(location, what);
    }
}

Hdf5Handle dataspace(const Dims& dims) {
    const std::vector<hsize_t> extents(dims.begin(), dims.end());
    return Hdf5Handle(dims.empty() ? H5Screate(H5S_SCALAR)
                                   : H5Screate_simple(static_cast<int>(dims.size()), extents.data(), nullptr));
}

Hdf5Handle string_type() {
    Hdf5Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

Hdf5Handle link_properties() {
    Hdf5Handle list(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(list, 1);
    H5Pset_char_encoding(list, H5T_CSET_UTF8);
    return list;
}

Hdf5Handle dataset_properties() {
    Hdf5Handle list(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(list, false);
    return list;
}

/// Extents of a chunk: the whole, halved from the slowest axis on until it is small.
std::vector<hsize_t> chunk_extents(const Dims& dims, std::size_t element_bytes) {
    std::vector<hsize_t> chunk(dims.begin(), dims.end());
    std::size_t bytes = element_bytes;
    for (const hsize_t extent : chunk) {
        bytes *= extent;
    }
    for (std::size_t axis = 0; axis < chunk.size() && bytes > kChunkBytes;) {
        if (chunk[axis] == 1) {
            ++axis;
            continue;
        }
        bytes /= chunk[axis];
        chunk[axis] = (chunk[axis] + 1) / 2;
        bytes *= chunk[axis];
    }
    return chunk;
}

Hdf5Handle create_dataset(hid_t location, const std::string& path, hid_t type, hid_t space, hid_t properties) {
    const Hdf5Handle links = link_properties();
    return owned(H5Dcreate2(location, path.c_str(), type, space, links, properties, H5P_DEFAULT), location,
                 "create the dataset '" + path + "'");
}

}  // namespace

std::string path_of(hid_t object) {
    const Hdf5Lock lock;
    char name[1024];
    const ssize_t length = H5Iget_name(object, name, sizeof name);
    return length > 0 ? std::string(name) : std::string("?");
}

Hdf5Handle open_file(const std::filesystem::path& path, bool writable) {
    const Hdf5Lock lock;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        throw InputError(fmt::format("{}: no such file", path.string()));
    }
    if (!std::filesystem::is_regular_file(path, error)) {
        throw InputError(fmt::format("{}: not a regular file", path.string()));
    }
    Hdf5Handle file(H5Fopen(path.c_str(), writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, H5P_DEFAULT));
    if (!file.valid()) {
        throw InputError(
            fmt::format("{}: not a readable HDF5 file (it is of another kind, cut off, damaged, locked by a "
                        "writer, or not permitted)",
                        path.string()));
    }
    return file;
}

Hdf5Handle create_file(const std::filesystem::path& path, bool overwrite) {
    const Hdf5Lock lock;
    std::error_code error;
    if (!overwrite && std::filesystem::exists(path, error)) {
        throw InputError(
            fmt::format("{}: exists already; choose another name, or overwrite it (--force)", path.string()));
    }
    Hdf5Handle file(H5Fcreate(path.c_str(), overwrite ? H5F_ACC_TRUNC : H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT));
    if (!file.valid()) {
        throw InputError(fmt::format("{}: cannot be created (does the folder exist, is it writable?)", path.string()));
    }
    return file;
}

Hdf5Handle create_memory_file() {
    const Hdf5Lock lock;
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
    H5Pset_fapl_core(access, kChunkBytes, false);
    Hdf5Handle file(H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access));
    if (!file.valid()) {
        throw std::runtime_error("HDF5 cannot create a file in memory");
    }
    return file;
}

std::vector<unsigned char> file_image(hid_t file) {
    const Hdf5Lock lock;
    check(H5Fflush(file, H5F_SCOPE_GLOBAL), file, "flush");
    const ssize_t size = H5Fget_file_image(file, nullptr, 0);
    std::vector<unsigned char> image(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (size <= 0 || H5Fget_file_image(file, image.data(), image.size()) != size) {
        throw std::runtime_error("HDF5 cannot give the bytes of a file in memory");
    }
    return image;
}

Hdf5Handle create_group(hid_t location, const std::string& path) {
    const Hdf5Lock lock;
    const Hdf5Handle existing(H5Gopen2(location, path.c_str(), H5P_DEFAULT));
    if (existing.valid()) {
        return Hdf5Handle(H5Gopen2(location, path.c_str(), H5P_DEFAULT));
    }
    const Hdf5Handle links = link_properties();
    const Hdf5Handle properties(H5Pcreate(H5P_GROUP_CREATE));
    H5Pset_obj_track_times(properties, false);
    return owned(H5Gcreate2(location, path.c_str(), links, properties, H5P_DEFAULT), location,
                 "create the group '" + path + "'");
}

Hdf5Handle open_group(hid_t location, const std::string& path) {
    const Hdf5Lock lock;
    Hdf5Handle group(H5Gopen2(location, path.c_str(), H5P_DEFAULT));
    if (!group.valid()) {
        throw InputError(fmt::format("the group '{}' is missing below {}", path, path_of(location)));
    }
    return group;
}

void write_attribute(hid_t object, const std::string& name, hid_t memory_type, const void* data, const Dims& dims) {
    const Hdf5Lock lock;
    const std::string what = "write the attribute '" + name + "'";
    if (H5Aexists(object, name.c_str()) > 0) {
        check(H5Adelete(object, name.c_str()), object, what);
    }
    const Hdf5Handle space = dataspace(dims);
    const Hdf5Handle attribute =
        owned(H5Acreate2(object, name.c_str(), memory_type, space, H5P_DEFAULT, H5P_DEFAULT), object, what);
    if (std::find(dims.begin(), dims.end(), std::size_t{0}) == dims.end()) {
        check(H5Awrite(attribute, memory_type, data), object, what);
    }
}

void write_attribute(hid_t object, const std::string& name, std::string_view text) {
    const Hdf5Lock lock;
    const Hdf5Handle type = string_type();
    const std::string copy(text);
    const char* pointer = copy.c_str();
    write_attribute(object, name, type, &pointer, {});
}

void write_dataset(hid_t location, const std::string& path, hid_t memory_type, const void* data, const Dims& dims,
                   unsigned deflate) {
    const Hdf5Lock lock;
    const Hdf5Handle space = dataspace(dims);
    const Hdf5Handle properties = dataset_properties();
    const bool empty = std::find(dims.begin(), dims.end(), std::size_t{0}) != dims.end();
    if (deflate > 0 && !dims.empty() && !empty) {
        const auto chunk = chunk_extents(dims, H5Tget_size(memory_type));
        H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
        H5Pset_shuffle(properties);
        H5Pset_deflate(properties, deflate);
    }
    const Hdf5Handle dataset = create_dataset(location, path, memory_type, space, properties);
    if (!empty) {
        check(H5Dwrite(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), location,
              "write the dataset '" + path + "'");
    }
}

void write_strings(hid_t location, const std::string& path, const std::vector<std::string>& texts, const Dims& dims) {
    const Hdf5Lock lock;
    check_count(path, dims, texts.size());
    const Hdf5Handle type = string_type();
    std::vector<const char*> pointers;
    pointers.reserve(texts.size());
    for (const std::string& text : texts) {
        pointers.push_back(text.c_str());
    }
    write_dataset(location, path, type, pointers.data(), dims);
}

Hdf5Handle create_extendable(hid_t location, const std::string& path, hid_t file_type, const Dims& row,
                             std::size_t chunk_rows, unsigned deflate) {
    const Hdf5Lock lock;
    std::vector<hsize_t> extents{0};
    extents.insert(extents.end(), row.begin(), row.end());
    std::vector<hsize_t> limits = extents;
    limits[0] = H5S_UNLIMITED;
    std::vector<hsize_t> chunk = extents;
    chunk[0] = std::max<std::size_t>(chunk_rows, 1);
    const Hdf5Handle space(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), limits.data()));
    const Hdf5Handle properties = dataset_properties();
    H5Pset_chunk(properties, static_cast<int>(chunk.size()), chunk.data());
    if (deflate > 0) {
        H5Pset_shuffle(properties);
        H5Pset_deflate(properties, deflate);
    }
    return create_dataset(location, path, file_type, space, properties);
}

void append_rows(hid_t dataset, hid_t memory_type, const void* data, std::size_t rows) {
    const Hdf5Lock lock;
    if (rows == 0) {
        return;
    }
    std::vector<hsize_t> extents(H5S_MAX_RANK);
    {
        const Hdf5Handle space(H5Dget_space(dataset));
        const int rank = H5Sget_simple_extent_dims(space, extents.data(), nullptr);
        if (rank < 1) {
            fail(dataset, "read the extent");
        }
        extents.resize(static_cast<std::size_t>(rank));
    }
    std::vector<hsize_t> start(extents.size(), 0);
    start[0] = extents[0];
    std::vector<hsize_t> count = extents;
    count[0] = rows;
    extents[0] += rows;
    check(H5Dset_extent(dataset, extents.data()), dataset, "lengthen the dataset");
    const Hdf5Handle file_space(H5Dget_space(dataset));
    const Hdf5Handle memory_space(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
    check(H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), dataset,
          "select rows");
    check(H5Dwrite(dataset, memory_type, memory_space, file_space, H5P_DEFAULT, data), dataset, "append rows");
}

void check_count(const std::string& path, const Dims& dims, std::size_t count) {
    std::size_t product = 1;
    for (const std::size_t extent : dims) {
        product *= extent;
    }
    if (product != count) {
        throw std::logic_error(fmt::format("{}: {} values for extents of {}", path, count, product));
    }
}

}  // namespace hdf5
}  // namespace axfire
