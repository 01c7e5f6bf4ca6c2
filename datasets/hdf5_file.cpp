// SPDX-License-Identifier: Apache-2.0
#include "datasets/hdf5_file.h"

#include <fmt/format.h>

#include <system_error>
#include <vector>

#include "arith/error.h"

namespace axfire::datasets {

Handle open_hdf5_file(const std::filesystem::path& path) {
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

Array open_array(const std::filesystem::path& path, hid_t file, const char* name, std::string_view needs) {
    Array array;
    array.dataset = Handle(H5Dopen2(file, name, H5P_DEFAULT), H5Dclose);
    if (!array.dataset.valid()) {
        throw InputError(fmt::format("{}: no readable data set {}; {}", path.string(), name, needs));
    }
    const Handle space(H5Dget_space(array.dataset), H5Sclose);
    const int rank = space.valid() ? H5Sget_simple_extent_ndims(space) : -1;
    std::vector<hsize_t> lengths(rank > 0 ? static_cast<std::size_t>(rank) : 0);
    if (rank < 0 || H5Sget_simple_extent_dims(space, lengths.data(), nullptr) < 0) {
        throw InputError(fmt::format("{}: the shape of {} cannot be read", path.string(), name));
    }
    array.shape.assign(lengths.begin(), lengths.end());
    array.type = Handle(H5Dget_type(array.dataset), H5Tclose);
    if (!array.type.valid()) {
        throw InputError(fmt::format("{}: the type of {} cannot be read", path.string(), name));
    }
    return array;
}

void read_slice(const Array& array, std::size_t i, hid_t memory_type, std::size_t count, void* values,
                const std::filesystem::path& path, const char* name, hid_t transfer) {
    std::vector<hsize_t> start(array.shape.size(), 0);
    std::vector<hsize_t> length(array.shape.begin(), array.shape.end());
    start[0] = i;
    length[0] = 1;
    const hsize_t flat = count;
    const Handle file_space(H5Dget_space(array.dataset), H5Sclose);
    const Handle memory_space(H5Screate_simple(1, &flat, nullptr), H5Sclose);
    if (!file_space.valid() || !memory_space.valid() ||
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, length.data(), nullptr) < 0 ||
        H5Dread(array.dataset, memory_type, memory_space, file_space, transfer, values) < 0) {
        throw InputError(fmt::format("{}: sample {} of {} cannot be read; the file is damaged or incomplete",
                                     path.string(), i, name));
    }
}

}  // namespace axfire::datasets
