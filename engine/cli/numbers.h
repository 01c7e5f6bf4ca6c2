// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "arith/lanes.h"

namespace axfire::cli {

/// A binary32 as the command line writes it: 1.5, -0x1.8p-3, inf, nan, or its bits as bits:3fc00000. Returns the bits.
/// Throws InputError.
u32 parse_float(const std::string& text);

/// The shortest decimal that reads back as the same binary32.
std::string float_text(u32 bits);

}  // namespace axfire::cli
