// SPDX-License-Identifier: Apache-2.0
// Small HDF5 files for tests.
#pragma once

#include <hdf5.h>

#include <filesystem>
#include <vector>

#include "tests/datasets/support.h"

namespace axfire::testing {

/// binary16, as numpy stores it; to be closed.
inline hid_t half_type() {
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

/// Writes HDF5 files with the C API.
class Hdf5Writer {
public:
    explicit Hdf5Writer(const std::filesystem::path& path)
        : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {
        EXPECT_GE(file_, 0);
    }
    ~Hdf5Writer() { H5Fclose(file_); }

    template <class T>
    Hdf5Writer& array(const char* name, const std::vector<hsize_t>& shape, const std::vector<T>& values,
                      hid_t memory_type, hid_t file_type = -1) {
        const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
        const hid_t set = H5Dcreate2(file_, name, file_type < 0 ? memory_type : file_type, space, H5P_DEFAULT,
                                     H5P_DEFAULT, H5P_DEFAULT);
        EXPECT_GE(set, 0);
        if (!values.empty()) {
            EXPECT_GE(H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
        }
        H5Dclose(set);
        H5Sclose(space);
        return *this;
    }
    Hdf5Writer& floats(const char* name, const std::vector<hsize_t>& shape, const std::vector<float>& values) {
        return array(name, shape, values, H5T_NATIVE_FLOAT);
    }
    /// One list of variable length for each sample, [N].
    template <class T>
    Hdf5Writer& lists(const char* name, const std::vector<std::vector<T>>& values, hid_t memory_type, hid_t file_type) {
        std::vector<hvl_t> cells;
        for (const std::vector<T>& list : values) {
            cells.push_back({list.size(), const_cast<T*>(list.data())});
        }
        const hid_t in_memory = H5Tvlen_create(memory_type);
        const hid_t in_file = H5Tvlen_create(file_type);
        array(name, {cells.size()}, cells, in_memory, in_file);
        H5Tclose(in_memory);
        H5Tclose(in_file);
        return *this;
    }
    Hdf5Writer& group(const char* name) {
        H5Gclose(H5Gcreate2(file_, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        return *this;
    }

private:
    hid_t file_;
};

}  // namespace axfire::testing
