// SPDX-License-Identifier: Apache-2.0
#include "engine/record/absorbing_driver.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace axfire {
namespace {

// HDF5 asks that its own part comes first.
struct Driver {
    H5FD_t base;
    AbsorbingFile* file;
    haddr_t end_allocated;
    haddr_t end_file;
    std::vector<std::pair<haddr_t, std::vector<char>>> absorbed;  // what the disk did not take, in order
};

Driver& driver(H5FD_t* file) {
    return *reinterpret_cast<Driver*>(file);
}
const Driver& driver(const H5FD_t* file) {
    return *reinterpret_cast<const Driver*>(file);
}

void note_error(AbsorbingFile& file, int error) {
    if (file.error == 0) {
        file.error = error;
    }
}

H5FD_t* open_file(const char*, unsigned flags, hid_t access, haddr_t) {
    const auto* info = static_cast<AbsorbingFile* const*>(H5Pget_driver_info(access));
    struct stat status {};
    if (info == nullptr || fstat((*info)->descriptor, &status) != 0) {
        return nullptr;
    }
    auto* opened = new (std::nothrow) Driver{};
    if (opened == nullptr) {
        return nullptr;
    }
    opened->file = *info;
    opened->end_file = static_cast<haddr_t>(status.st_size);
    if ((flags & H5F_ACC_TRUNC) != 0) {
        if (ftruncate(opened->file->descriptor, 0) != 0) {
            note_error(*opened->file, errno);
        }
        opened->end_file = 0;
    }
    return &opened->base;
}

herr_t close_file(H5FD_t* file) {
    delete &driver(file);
    return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

haddr_t end_allocated(const H5FD_t* file, H5FD_mem_t) {
    return driver(file).end_allocated;
}

herr_t set_end_allocated(H5FD_t* file, H5FD_mem_t, haddr_t address) {
    driver(file).end_allocated = address;
    return 0;
}

haddr_t end_file(const H5FD_t* file, H5FD_mem_t) {
    return driver(file).end_file;
}

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
    const Driver& self = driver(file);
    char* to = static_cast<char*>(buffer);
    size_t done = 0;
    while (done < size) {
        const ssize_t n = pread(self.file->descriptor, to + done, size - done, static_cast<off_t>(address + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += static_cast<size_t>(n);
    }
    std::fill(to + done, to + size, 0);
    for (const auto& [start, bytes] : self.absorbed) {
        const haddr_t first = std::max(start, address);
        const haddr_t last = std::min(start + bytes.size(), address + size);
        if (first < last) {
            std::memcpy(to + (first - address), bytes.data() + (first - start), last - first);
        }
    }
    return 0;
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
    Driver& self = driver(file);
    const char* from = static_cast<const char*>(buffer);
    size_t done = 0;
    while (done < size && self.file->error == 0) {
        const ssize_t n = pwrite(self.file->descriptor, from + done, size - done, static_cast<off_t>(address + done));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            note_error(*self.file, n < 0 ? errno : EIO);
            break;
        }
        done += static_cast<size_t>(n);
    }
    if (done < size) {
        try {
            self.absorbed.emplace_back(address + done, std::vector<char>(from + done, from + size));
        } catch (const std::bad_alloc&) {
            return -1;
        }
    }
    self.end_file = std::max(self.end_file, address + size);
    return 0;
}

herr_t truncate(H5FD_t* file, hid_t, hbool_t) {
    Driver& self = driver(file);
    if (self.end_allocated != self.end_file) {
        if (self.file->error == 0 && ftruncate(self.file->descriptor, static_cast<off_t>(self.end_allocated)) != 0) {
            note_error(*self.file, errno);
        }
        self.end_file = self.end_allocated;
    }
    return 0;
}

H5FD_class_t make_class() {
    H5FD_class_t result{};
#if H5_VERSION_GE(1, 13, 0)
    result.version = H5FD_CLASS_VERSION;
    result.value = static_cast<H5FD_class_value_t>(513);  // of those left to applications (512 and above)
#endif
    result.name = "absorbing";
    result.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
    result.fc_degree = H5F_CLOSE_STRONG;
    result.fapl_size = sizeof(AbsorbingFile*);
    result.open = open_file;
    result.close = close_file;
    result.query = query;
    result.get_eoa = end_allocated;
    result.set_eoa = set_end_allocated;
    result.get_eof = end_file;
    result.read = read;
    result.write = write;
    result.truncate = truncate;
    const H5FD_mem_t map[H5FD_MEM_NTYPES] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(map), std::end(map), result.fl_map);
    return result;
}

}  // namespace

herr_t set_absorbing_driver(hid_t access, AbsorbingFile& file) {
    static const H5FD_class_t kClass = make_class();
    const hid_t id = H5FDregister(&kClass);  // the list keeps a reference of its own
    if (id < 0) {
        return -1;
    }
    AbsorbingFile* info = &file;
    const herr_t status = H5Pset_driver(access, id, &info);
    H5Idec_ref(id);
    return status;
}

}  // namespace axfire
