// SPDX-License-Identifier: Apache-2.0
// What a card can do at most, and what an operation needs of it.
#pragma once

#include "arith/spec.h"
#include "engine/backend/cuda/device.h"
#include "neurons/conventions.h"

namespace axfire::test {

/// 32-bit integer additions that a multiprocessor completes in a clock, by compute capability: 64 for 7.5 to 10.x, 9.0
/// (Hopper) among them, 128 for 12.x, which completes 64 shifts and logical operations. NVIDIA, table "Throughput of
/// Native Arithmetic Instructions": CUDA C++ Programming Guide up to 12, CUDA C++ Best Practices Guide 13, 12.1.1; for
/// Hopper also "NVIDIA H100 Tensor Core GPU Architecture", INT32 cores of a multiprocessor.
constexpr int integer_lanes(int capability) {
    return capability < 120 ? 64 : 128;
}

/// Of the card, in a second.
inline double integer_rate(const cuda::DeviceInfo& device) {
    return device.multiprocessors * device.clock * integer_lanes(device.capability);
}

/// Instructions of PTX that one more addition, or product, adds to a kernel, loads and moves not counted: what is
/// always executed and what a branch may pass over, but not what is called for strange operands. Compiled for the
/// device.
double instructions_of(const AdderSpec& spec, int capability);
double instructions_of(const MultiplierSpec& spec, int capability);
/// ... that one more update of a neuron adds: those of its additions and products among them.
double instructions_of_update(const std::string& model, const Conventions& how, const AdderSpec& add,
                              const MultiplierSpec& mul, int capability);

}  // namespace axfire::test
