// SPDX-License-Identifier: Apache-2.0
// Formats, modes and messages for tests that loop over them.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "arith/format.h"

namespace axfire::testing {

inline constexpr Rounding kModes[] = {Rounding::rne, Rounding::rna, Rounding::rz,
                                      Rounding::ru,  Rounding::rd,  Rounding::odd};

inline const char* name(Rounding r) {
    constexpr const char* kNames[] = {"rne", "rna", "rz", "ru", "rd", "odd"};
    return kNames[static_cast<int>(r)];
}

inline std::string name(const Format& f) {
    std::string text = "e";
    text += std::to_string(f.exponent_bits) + "m" + std::to_string(f.fraction_bits);
    text += f.finite ? "fn" : "";
    text += f.subnormals == Subnormals::flush ? ",flush" : "";
    text += f.overflow == Overflow::saturate ? ",saturate" : "";
    return text;
}

/// The four combinations of underflow and overflow handling.
inline std::vector<Format> with_options(Format f) {
    std::vector<Format> all;
    for (const Subnormals subnormals : {Subnormals::gradual, Subnormals::flush}) {
        for (const Overflow overflow : {Overflow::infinity, Overflow::saturate}) {
            f.subnormals = subnormals;
            f.overflow = overflow;
            all.push_back(f);
        }
    }
    return all;
}

/// Narrow and wide in both fields, the extremes of each included.
inline const std::vector<Format> kOddFormats = {{2, 1}, {2, 23}, {8, 1},  {3, 4}, {4, 3},  {5, 6},
                                                {6, 9}, {5, 11}, {7, 16}, {8, 8}, {8, 10}, {8, 22}};

inline std::string hex(u32 bits) {
    char text[64];
    std::snprintf(text, sizeof text, "0x%08x (%a)", bits, static_cast<double>(as_float<u32>(bits)));
    return text;
}

}  // namespace axfire::testing
