// SPDX-License-Identifier: Apache-2.0
// The process-wide lock of the HDF5 library, which is thread-safe only where it was built to be
// (H5is_library_threadsafe).
#pragma once

#include <hdf5.h>

#include <mutex>

namespace axfire {

/// Every call into HDF5 is made with this mutex held. It is recursive: a function that holds it may call another that
/// takes it.
inline std::recursive_mutex& hdf5_mutex() {
    static std::recursive_mutex mutex;
    return mutex;
}

/// Holds the mutex and keeps HDF5 from printing its error stack; the former error handler returns with the end of
/// scope.
class Hdf5Lock {
public:
    Hdf5Lock() : lock_(hdf5_mutex()) {
        H5Eget_auto2(H5E_DEFAULT, &handler_, &data_);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    ~Hdf5Lock() { H5Eset_auto2(H5E_DEFAULT, handler_, data_); }
    Hdf5Lock(const Hdf5Lock&) = delete;
    Hdf5Lock& operator=(const Hdf5Lock&) = delete;

private:
    std::lock_guard<std::recursive_mutex> lock_;
    H5E_auto2_t handler_ = nullptr;
    void* data_ = nullptr;
};

}  // namespace axfire
