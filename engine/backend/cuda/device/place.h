// SPDX-License-Identifier: Apache-2.0
// Where a thread stands: blocks in y are samples, threads in x are the elements of an array.
#pragma once

#include "engine/backend/cuda/device/args.h"

namespace axfire::device {

struct Place {
    u32 element;
    u32 sample;  ///< in the batch
    Step step;

    /// The arrays of this sample, `n` elements each.
    template <class T>
    AXFIRE_FN T* operator()(T* array, u32 n) const {
        return array == nullptr ? nullptr : array + static_cast<u64>(sample) * padded(n);
    }
    /// The site of stochastic roundings.
    AXFIRE_FN RandomSite site(RandomSite of_node) const {
        of_node.sample = step.first_sample + sample;
        of_node.step = step.step;
        return of_node;
    }
};

AXFIRE_FN u32 warp_sum(u32 x) {
    for (u32 distance = 16; distance > 0; distance /= 2) {
        x += __shfl_down_sync(~0u, x, distance);
    }
    return x;
}

/// Adds what the threads of a warp have counted; all of them must come. Whole numbers: the order cannot show.
AXFIRE_FN void count(u64& counter, u32 mine) {
    const u32 sum = warp_sum(mine);
    if (threadIdx.x % 32 == 0 && sum != 0) {
        atomicAdd(&counter, static_cast<u64>(sum));
    }
}

}  // namespace axfire::device
