// SPDX-License-Identifier: Apache-2.0
// What a kernel can do wrong.
#pragma once

#include <stdexcept>
#include <string>

#include "tests/support/cuda_double/ptx/type.h"

namespace axfire::cuda_double {

enum class FaultKind : u8 { address, misaligned, race, barrier, illegal, assertion, budget };

/// Thrown by an instruction; the warp adds where it was.
struct Fault {
    FaultKind kind;
    u32 lane;
    std::string what;
};

/// A fault with kernel, instruction, block and thread in its message.
struct KernelError : std::runtime_error {
    KernelError(FaultKind k, const std::string& message) : std::runtime_error(message), kind(k) {}
    FaultKind kind;
};

}  // namespace axfire::cuda_double
