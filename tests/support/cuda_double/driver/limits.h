// SPDX-License-Identifier: Apache-2.0
// What a device of the double can do, by its compute capability.
#pragma once

#include "tests/support/cuda_double/driver/abi.h"
#include "tests/support/cuda_double/ptx/type.h"

namespace axfire::cuda_double {

inline constexpr int kDriverVersion = 13000;
inline constexpr u32 kPtxVersion = 99;  ///< the newest that it reads, times ten: any 9.x, as toolkits 13.x write
inline constexpr u32 kSharedBytes = 48 * 1024;
inline constexpr u32 kMultiprocessors = 4;
inline constexpr u32 kRegistersPerMultiprocessor = 65536;

/// Shared memory of a block that asks for more than kSharedBytes.
constexpr u32 shared_opt_in(u32 capability) {
    switch (capability) {
        case 75:
            return 64 * 1024;
        case 80:
        case 87:
            return 163 * 1024;
        case 86:
        case 89:
        case 120:
        case 121:
            return 99 * 1024;
        default:
            return capability < 75 ? kSharedBytes : 227 * 1024;
    }
}

constexpr u32 threads_per_multiprocessor(u32 capability) {
    switch (capability) {
        case 75:
            return 1024;
        case 86:
        case 87:
        case 89:
        case 120:
        case 121:
            return 1536;
        default:
            return 2048;
    }
}

/// 0 for an attribute that the double does not know.
constexpr int device_attribute(CUdevice_attribute attribute, u32 capability) {
    switch (attribute) {
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
            return 1024;
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
            return 64;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
            return 0x7fffffff;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
            return 65535;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
            return kSharedBytes;
        case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY:
            return 65536;
        case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
            return 32;
        case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
        case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR:
            return kRegistersPerMultiprocessor;
        case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
        case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE:
            return 1'000'000;
        case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
            return kMultiprocessors;
        case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
        case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
        case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT:
        case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
            return 1;
        case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH:
            return 64;
        case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
            return 1 << 20;
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
            return static_cast<int>(threads_per_multiprocessor(capability));
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
            return static_cast<int>(capability / 10);
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
            return static_cast<int>(capability % 10);
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
            return static_cast<int>(shared_opt_in(capability) + 1024);
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
            return static_cast<int>(shared_opt_in(capability));
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR:
            return 16;
        default:
            return 0;
    }
}

}  // namespace axfire::cuda_double
