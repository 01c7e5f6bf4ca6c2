// SPDX-License-Identifier: Apache-2.0
// What a module of a device is made from.
#pragma once

#include "engine/backend/cuda/device/encoders.h"
#include "engine/backend/cuda/device/movement.h"
#include "engine/backend/cuda/device/population.h"
#include "engine/backend/cuda/device/projections.h"

/// A functor as a kernel of the given name; host and device must agree on the size of its arguments.
#define AXFIRE_KERNEL(name, size, ...)                                                                 \
    static_assert(sizeof(__VA_ARGS__::Args) == size, "host and device lay arguments out differently"); \
    extern "C" __global__ void name(const __VA_ARGS__::Args args, const Step* const step) {            \
        __VA_ARGS__::run(args, Place{blockIdx.x * blockDim.x + threadIdx.x, blockIdx.y, *step});       \
    }
