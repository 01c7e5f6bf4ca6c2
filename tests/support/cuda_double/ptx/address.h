// SPDX-License-Identifier: Apache-2.0
// State spaces and the windows that they have among the generic addresses, and how instructions reach memory.
#pragma once

#include "tests/support/cuda_double/ptx/decode.h"
#include "tests/support/cuda_double/ptx/warp.h"

namespace axfire::cuda_double {

// Not addresses of any host, nor of the device memory of this double.
inline constexpr u64 kSharedWindow = 0x0e00'0000'0000'0000u;
inline constexpr u64 kLocalWindow = 0x0e00'0001'0000'0000u;
inline constexpr u64 kParameterWindow = 0x0e00'0002'0000'0000u;
inline constexpr u64 kWindowBytes = 0x1'0000'0000u;

/// What is added to an address of a space to make it generic.
constexpr u64 window_of(Space space) {
    switch (space) {
        case Space::shared:
            return kSharedWindow;
        case Space::local:
            return kLocalWindow;
        case Space::parameter:
            return kParameterWindow;
        default:
            return 0;
    }
}

constexpr Space space_of(u64 generic) {
    const u64 window = generic & ~(kWindowBytes - 1);
    return window == kSharedWindow      ? Space::shared
           : window == kLocalWindow     ? Space::local
           : window == kParameterWindow ? Space::parameter
                                        : Space::global;
}

/// Takes .global, .shared, .local, .const or .param; generic without one.
Space decode_space(Decode& d);

enum class Access : u8 { read, write, atomic };

/// The bytes behind an address of a lane, checked; of shared memory too, but without a look at races.
u8* reach(Warp& w, Space space, u64 address, u32 bytes, u32 lane, Access access);

/// The same for device memory, the common case.
inline u8* reach_global(Warp& w, u64 address, u32 bytes, u32 lane, Access access) {
    const Allocation* a = w.recent;
    if (a != nullptr && address - a->address < a->bytes && address - a->address + bytes <= a->bytes &&
        (address & (bytes - 1)) == 0 && (access == Access::read || !a->is_constant)) {
        return a->data + (address - a->address);
    }
    return reach(w, Space::global, address, bytes, lane, access);
}

/// Makes a generic address one of the space that it lies in.
inline Space resolve(Space space, u64& address) {
    if (space == Space::generic) {
        space = space_of(address);
        address -= window_of(space);
    }
    return space == Space::constant ? Space::global : space;
}

/// Notes in the module that memory which threads share may be touched in words of this size.
void note_access(Decode& d);

/// Notes the access and throws Fault for a race. `data` was reached by the address, `value` is what is to be written.
void watch(Warp& w, Space space, u64 address, const u8* data, u32 bytes, u32 lane, Access access, const u8* value);

}  // namespace axfire::cuda_double
