// SPDX-License-Identifier: Apache-2.0
// An HDF5 file driver that takes every write, and remembers the first that the system refused.
//
// HDF5 does not recover from a write that fails (a full disk): its caches stay dirty, the file cannot be closed, and
// the library tries again, or crashes, when the process exits. This driver hides the failure from it: from the first
// refused write on, all that is written is kept in memory, so that HDF5 works on and closes as always; then the owner
// looks at `error` and throws the file away.
#pragma once

#include <hdf5.h>

namespace axfire {

/// An open file for HDF5 to work on; must outlive the HDF5 handle. The driver does not close the descriptor.
struct AbsorbingFile {
    int descriptor = -1;  ///< open for reading and writing
    int error = 0;        ///< errno of the first write that failed; 0 for none
};

/// Makes the file access property list `access` use the driver on `file`; H5Fcreate and H5Fopen then ignore their file
/// name. Returns a negative number on error, as HDF5 does.
herr_t set_absorbing_driver(hid_t access, AbsorbingFile& file);

}  // namespace axfire
