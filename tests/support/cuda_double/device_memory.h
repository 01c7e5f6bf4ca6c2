// SPDX-License-Identifier: Apache-2.0
// The memory of the devices that the test double pretends to have: every allocation is known and checked.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/support/cuda_double/ptx/type.h"
#include "tests/support/cuda_double/race_watch.h"

namespace axfire::cuda_double {

struct Allocation {
    u64 address = 0;
    u64 bytes = 0;
    u8* data = nullptr;  ///< null once it is freed
    int device = 0;      ///< -1: page-locked memory of the host
    bool is_constant = false;
    bool is_module = false;  ///< a variable of a module
    std::unique_ptr<u8[]> owned;
    RaceWatch watch;
};

/// Addresses are no addresses of the host, and none is used twice, so that a stale or a host pointer is always found.
class DeviceMemory {
public:
    /// New memory holds 0xa5 in every byte.
    Allocation& allocate(u64 bytes, int device);
    /// Memory of the host that devices may use under its own address.
    void add_host(void* data, u64 bytes);
    /// False if no live allocation begins at the address.
    bool free(u64 address);
    /// The live allocation with all of the bytes, or null.
    Allocation* find(u64 address, u64 bytes);
    /// The live allocation that begins at the address, or null.
    Allocation* begins_at(u64 address);
    /// What is wrong with an access that `find` does not allow.
    std::string explain(u64 address, u64 bytes) const;
    /// Frees all memory of a device; returns how many allocations of the user, with their bytes, were left.
    std::pair<u64, u64> release(int device);
    /// Bytes in use.
    u64 used(int device) const;

    u32 next_epoch = 1;                 ///< of the next launch
    u64 watched_bytes = u64{16} << 20;  ///< larger allocations are not watched for races

private:
    std::map<u64, Allocation> allocations_;
    u64 next_ = 0x0d00'0000'0000'0000u;
};

}  // namespace axfire::cuda_double
