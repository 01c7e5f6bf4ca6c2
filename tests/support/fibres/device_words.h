// SPDX-License-Identifier: Apache-2.0
// CUDA's words for device code that is compiled for the host. Include it last before the device code, and nothing of
// the library after it.
#pragma once

#include <cstdint>
#include <cstring>

#include "tests/support/fibres/fibres.h"

#define __CUDACC__
#define __host__
#define __device__
#define __global__
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ static
#define threadIdx (::axfire::fibres::here().thread)
#define blockIdx (::axfire::fibres::here().block)
#define blockDim (::axfire::fibres::here().threads)
#define gridDim (::axfire::fibres::here().blocks)

inline void __syncthreads() {
    axfire::fibres::barrier();
}
inline unsigned __ballot_sync(unsigned, int mine) {
    std::uint32_t of_lane[32];
    axfire::fibres::meet(mine != 0, of_lane);
    unsigned votes = 0;
    for (unsigned lane = 0; lane < 32; ++lane) {
        votes |= of_lane[lane] << lane;
    }
    return votes;
}
inline unsigned __shfl_down_sync(unsigned, unsigned mine, unsigned distance) {
    std::uint32_t of_lane[32];
    axfire::fibres::meet(mine, of_lane);
    const unsigned from = axfire::fibres::here().thread.x % 32 + distance;
    return from < 32 ? of_lane[from] : mine;
}
inline int __popc(unsigned x) {
    return __builtin_popcount(x);
}
inline std::uint64_t atomicAdd(std::uint64_t* sum, std::uint64_t more) {
    return __atomic_fetch_add(sum, more, __ATOMIC_RELAXED);
}
